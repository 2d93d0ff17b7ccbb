/*
description: >
  What is estimated with an error: the level of every indicator, and its change
  on the month before (mom) and on the same month of the year before (yoy),
  where both months have the domain. A change is a difference for ratios and
  means, relative for totals. Its linearised value in a PSU is
  scale × (c_now × u of the month − c_then × u of the earlier month), with
  coefficients of at most 1.
grain: [period, contrast, region, sex, age, pop_group, measure]
months: [-12, -1, 0]
tests:
  - unique: [period, contrast, region, sex, age, pop_group, measure]
  - not_null: [period, contrast, measure, value, scale]
*/
WITH pair AS (
  SELECT
    a.period, b.period AS then_period,
    CASE {{ months_between "b.period" "a.period" }} WHEN 1 THEN 'mom' ELSE 'yoy' END AS contrast,
    a.region, a.sex, a.age, a.pop_group, a.measure, a.kind,
    a.value AS value_now,
    b.value AS value_then,
    greatest(a.value, b.value) AS larger
  FROM core_survey_estimate AS a
  JOIN core_survey_estimate AS b
    ON b.region = a.region AND b.sex = a.sex AND b.age = a.age
    AND b.pop_group = a.pop_group AND b.measure = a.measure
    AND (b.period = {{ add_months "a.period" -1 }} OR b.period = {{ add_months "a.period" -12 }})
)
SELECT
  period, CAST(NULL AS DATE) AS then_period, 'level' AS contrast,
  region, sex, age, pop_group, measure, kind,
  value,
  value AS scale,
  CAST(1 AS DOUBLE) AS c_now,
  CAST(0 AS DOUBLE) AS c_then
FROM core_survey_estimate
UNION ALL
SELECT
  period, then_period, contrast,
  region, sex, age, pop_group, measure, kind,
  CASE WHEN kind = 'total' THEN value_now / value_then - 1 ELSE value_now - value_then END AS value,
  CASE WHEN kind = 'total' THEN value_now / value_then ELSE larger END AS scale,
  CASE WHEN kind = 'total' THEN 1 ELSE coalesce(value_now / NULLIF(larger, 0), 0) END AS c_now,
  CASE WHEN kind = 'total' THEN 1 ELSE coalesce(value_then / NULLIF(larger, 0), 0) END AS c_then
FROM pair
-- Relative to nothing there is no change.
WHERE kind <> 'total' OR value_then > 0
