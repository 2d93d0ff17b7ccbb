/*
description: >
  Cross moments ss = Σ u·u' of PSUs that are in both samples: the month's and
  the one of the month before (mom), and of the year before (yoy). They make
  the error of a change smaller than that of two independent samples. psus =
  PSUs that hold somebody the estimate rests on in both.
grain: [period, contrast, region, sex, age, pop_group, measure, stratum]
months: [-12, -1, 0]
tests:
  - unique: [period, contrast, region, sex, age, pop_group, measure, stratum]
*/
{{ define "product" }}sum(CAST(a.{{ . }} AS DECIMAL(38, 0)) * CAST(b.{{ . }} AS DECIMAL(38, 0))) AS ss_{{ . }}{{ end -}}
{{ define "both" }}
  SELECT
    a.period, '{{ . }}' AS contrast, a.region, a.sex, a.age, a.pop_group, a.stratum,
    {{ template "product" "rate" }},
    {{ template "product" "lfpr" }},
    {{ template "product" "epr" }},
    {{ template "product" "hours" }},
    {{ template "product" "employed" }},
    {{ template "product" "unemployed" }},
    {{ template "product" "labor_force" }},
    sum(a.in_pop * b.in_pop) AS in_pop,
    sum(a.in_lf * b.in_lf) AS in_lf,
    sum(a.in_h * b.in_h) AS in_h
  FROM core_survey_linear AS a
  JOIN core_survey_linear AS b
    ON b.period = {{ if eq . "mom" }}{{ add_months "a.period" -1 }}{{ else }}{{ add_months "a.period" -12 }}{{ end }}
    AND b.psu = a.psu AND b.stratum = a.stratum
    AND b.region = a.region AND b.sex = a.sex AND b.age = a.age AND b.pop_group = a.pop_group
  GROUP BY a.period, a.region, a.sex, a.age, a.pop_group, a.stratum
{{- end -}}
WITH wide AS (
  {{- template "both" "mom" }}
  UNION ALL
  {{- template "both" "yoy" }}
)
SELECT
  w.period, w.contrast, w.region, w.sex, w.age, w.pop_group, m.measure, w.stratum,
  CAST(CASE m.measure
    WHEN 'surveyed_unemployment_rate' THEN ss_rate
    WHEN 'labor_force_participation_rate' THEN ss_lfpr
    WHEN 'employment_rate' THEN ss_epr
    WHEN 'mean_weekly_hours' THEN ss_hours
    WHEN 'surveyed_employed' THEN ss_employed
    WHEN 'surveyed_unemployed' THEN ss_unemployed
    ELSE ss_labor_force
  END AS DECIMAL(38, 0)) AS ss,
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
