/*
description: >
  Survey indicators of every domain, before their errors are known: rates and
  mean hours as numerator over denominator, totals in persons. n counts the
  persons an estimate rests on, of a total those in the labor force.
grain: [period, region, sex, age, pop_group, measure]
tests:
  - unique: [period, region, sex, age, pop_group, measure]
  - not_null: [period, measure, kind, value, n]
  - range: {column: value, min: 0}
  - range: {column: value, max: 1, where: "kind = 'ratio'"}
*/
WITH measure AS (
  SELECT period, region, sex, age, pop_group, 'surveyed_unemployment_rate' AS measure, 'ratio' AS kind,
    u_e6 / 1e6 AS numerator, lf_e6 / 1e6 AS denominator, n_lf AS n, n_u AS n_counted
  FROM core_survey_domain
  UNION ALL
  SELECT period, region, sex, age, pop_group, 'labor_force_participation_rate', 'ratio',
    lf_e6 / 1e6, pop_e6 / 1e6, n_pop, n_lf
  FROM core_survey_domain
  UNION ALL
  SELECT period, region, sex, age, pop_group, 'employment_rate', 'ratio',
    e_e6 / 1e6, pop_e6 / 1e6, n_pop, n_e
  FROM core_survey_domain
  UNION ALL
  SELECT period, region, sex, age, pop_group, 'mean_weekly_hours', 'mean',
    hours_e9 / 1e9, h_e6 / 1e6, n_h, n_h
  FROM core_survey_domain
  UNION ALL
  SELECT period, region, sex, age, pop_group, 'surveyed_employed', 'total',
    e_e6 / 1e6, CASE WHEN lf_e6 > 0 THEN 1 END, n_lf, n_e
  FROM core_survey_domain
  UNION ALL
  SELECT period, region, sex, age, pop_group, 'surveyed_unemployed', 'total',
    u_e6 / 1e6, CASE WHEN lf_e6 > 0 THEN 1 END, n_lf, n_u
  FROM core_survey_domain
  UNION ALL
  SELECT period, region, sex, age, pop_group, 'surveyed_labor_force', 'total',
    lf_e6 / 1e6, CASE WHEN lf_e6 > 0 THEN 1 END, n_lf, n_lf
  FROM core_survey_domain
)
SELECT
  period, region, sex, age, pop_group, measure, kind,
  numerator / denominator AS value,
  CASE WHEN kind <> 'total' THEN numerator END AS numerator,
  CASE WHEN kind <> 'total' THEN denominator END AS denominator,
  n,
  n_counted
FROM measure
-- Persons without weight give no estimate, and no row that pretends to be one.
WHERE denominator > 0
