/*
description: >
  First and second moments of the linearised values within each stratum, of the
  month alone: s = Σu, ss = Σu², psus = PSUs that hold anybody the estimate
  rests on. PSUs outside the domain have u = 0 and need no row.
grain: [period, region, sex, age, pop_group, measure, stratum]
tests:
  - unique: [period, region, sex, age, pop_group, measure, stratum]
*/
{{ define "square" }}sum(CAST({{ . }} AS DECIMAL(38, 0)) * CAST({{ . }} AS DECIMAL(38, 0))) AS ss_{{ . }}{{ end -}}
{{ define "of" }}CASE m.measure
    WHEN 'surveyed_unemployment_rate' THEN {{ . }}_rate
    WHEN 'labor_force_participation_rate' THEN {{ . }}_lfpr
    WHEN 'employment_rate' THEN {{ . }}_epr
    WHEN 'mean_weekly_hours' THEN {{ . }}_hours
    WHEN 'surveyed_employed' THEN {{ . }}_employed
    WHEN 'surveyed_unemployed' THEN {{ . }}_unemployed
    ELSE {{ . }}_labor_force
  END{{ end -}}
WITH wide AS (
  SELECT
    period, region, sex, age, pop_group, stratum,
    sum(rate) AS s_rate, {{ template "square" "rate" }},
    sum(lfpr) AS s_lfpr, {{ template "square" "lfpr" }},
    sum(epr) AS s_epr, {{ template "square" "epr" }},
    sum(hours) AS s_hours, {{ template "square" "hours" }},
    sum(employed) AS s_employed, {{ template "square" "employed" }},
    sum(unemployed) AS s_unemployed, {{ template "square" "unemployed" }},
    sum(labor_force) AS s_labor_force, {{ template "square" "labor_force" }},
    sum(in_pop) AS in_pop,
    sum(in_lf) AS in_lf,
    sum(in_h) AS in_h
  FROM core_survey_linear
  GROUP BY period, region, sex, age, pop_group, stratum
)
SELECT
  w.period, w.region, w.sex, w.age, w.pop_group, m.measure, w.stratum,
  CAST({{ template "of" "s" }} AS DECIMAL(38, 0)) AS s,
  CAST({{ template "of" "ss" }} AS DECIMAL(38, 0)) AS ss,
  CAST(CASE m.base WHEN 'pop' THEN in_pop WHEN 'lf' THEN in_lf ELSE in_h END AS BIGINT) AS psus
FROM wide AS w
CROSS JOIN (VALUES
  ('surveyed_unemployment_rate', 'lf'),
  ('labor_force_participation_rate', 'pop'),
  ('employment_rate', 'pop'),
  ('mean_weekly_hours', 'h'),
  ('surveyed_employed', 'lf'),
  ('surveyed_unemployed', 'lf'),
  ('surveyed_labor_force', 'lf')
) AS m(measure, base)
