/*
description: >
  Cross moments of the linearised values of PSUs that are in both samples: of
  the month and the month before (mom), and of the same month of the year before (yoy).
  They are what makes the error of a change smaller than that of two independent samples.
grain: [period, contrast, region, sex, age, pop_group, measure, stratum]
window: [-12, 0]
tests:
  - unique: [period, contrast, region, sex, age, pop_group, measure, stratum]
*/
WITH pair AS (
  SELECT
    a.period, 'mom' AS contrast, a.region, a.sex, a.age, a.pop_group, a.measure, a.stratum,
    a.u, b.u AS u_then, a.filled * b.filled AS filled
  FROM core_survey_linear AS a
  JOIN core_survey_linear AS b
    ON b.period = {{ add_months "a.period" -1 }} AND b.psu = a.psu AND b.stratum = a.stratum
    AND b.region = a.region AND b.sex = a.sex AND b.age = a.age
    AND b.pop_group = a.pop_group AND b.measure = a.measure
  UNION ALL
  SELECT
    a.period, 'yoy' AS contrast, a.region, a.sex, a.age, a.pop_group, a.measure, a.stratum,
    a.u, b.u AS u_then, a.filled * b.filled AS filled
  FROM core_survey_linear AS a
  JOIN core_survey_linear AS b
    ON b.period = {{ add_months "a.period" -12 }} AND b.psu = a.psu AND b.stratum = a.stratum
    AND b.region = a.region AND b.sex = a.sex AND b.age = a.age
    AND b.pop_group = a.pop_group AND b.measure = a.measure
)
SELECT
  period, contrast, region, sex, age, pop_group, measure, stratum,
  CAST(sum(CAST(u AS DECIMAL(38, 0)) * CAST(u_then AS DECIMAL(38, 0))) AS DECIMAL(38, 0)) AS ss,
  {{ to_bigint "sum(filled)" }} AS filled
FROM pair
GROUP BY period, contrast, region, sex, age, pop_group, measure, stratum
