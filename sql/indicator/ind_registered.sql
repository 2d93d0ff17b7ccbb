/*
description: >
  Registered unemployed at month end, newly registered and deregistered in the month, in total and by region, sex, age
  band, reason (pop_group REASON_...) and key group. Groups overlap: never add them up.
grain: [period, indicator, region, sex, age, pop_group]
cube: true
tests:
  - unique: [period, indicator, region, sex, age, pop_group]
  - not_null: [period, indicator, value]
  - range: {column: value, min: 0}
*/
WITH figures AS (
  SELECT r.period, 'registered_unemployed' AS indicator, r.region, r.sex, r.age, r.pop_group, r.stock AS value
  FROM core_registered AS r
  UNION ALL
  SELECT r.period, 'registered_unemployed_inflow', r.region, r.sex, r.age, r.pop_group, r.entered
  FROM core_registered AS r
  UNION ALL
  SELECT r.period, 'registered_unemployed_outflow', r.region, r.sex, r.age, r.pop_group, r.left_register
  FROM core_registered AS r
)
SELECT
  f.period,
  f.indicator,
  f.region,
  f.sex,
  f.age,
  f.pop_group,
  '_T' AS industry,
  '_T' AS occupation,
  '_T' AS enterprise,
  {{ to_double "f.value" }} AS value,
  CAST(NULL AS DOUBLE) AS numerator,
  CAST(NULL AS DOUBLE) AS denominator,
  CAST(NULL AS DOUBLE) AS se,
  CAST(NULL AS DOUBLE) AS ci_low,
  CAST(NULL AS DOUBLE) AS ci_high,
  f.value AS n,
  'A' AS obs_status,
  '' AS quality,
  '' AS reason
FROM figures AS f
