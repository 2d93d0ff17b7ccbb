/*
description: >
  Registered unemployed over insured heads plus registered unemployed, for the city and by region (insured heads where
  their employer is registered). An administrative definition, never averaged with the surveyed rate.
grain: [period, region]
cube: true
tests:
  - unique: [period, region]
  - range: {column: value, min: 0, max: 1}
*/
WITH parts AS (
  SELECT r.period, r.region, r.value AS registered, i.value AS insured
  FROM ind_registered AS r
  JOIN ind_insured AS i
    ON i.period = r.period AND i.region = r.region
    AND i.indicator = 'insured_persons' AND i.industry = '_T' AND i.enterprise = '_T'
  WHERE r.indicator = 'registered_unemployed'
    AND r.sex = '_T' AND r.age = '_T' AND r.pop_group = '_T'
)
SELECT
  p.period,
  'registered_unemployment_rate' AS indicator,
  p.region,
  '_T' AS sex,
  '_T' AS age,
  '_T' AS pop_group,
  '_T' AS industry,
  '_T' AS occupation,
  '_T' AS enterprise,
  p.registered / NULLIF(p.insured + p.registered, 0) AS value,
  p.registered AS numerator,
  p.insured + p.registered AS denominator,
  CAST(NULL AS DOUBLE) AS se,
  CAST(NULL AS DOUBLE) AS ci_low,
  CAST(NULL AS DOUBLE) AS ci_high,
  {{ to_bigint "p.registered" }} AS n,
  'A' AS obs_status,
  '' AS quality,
  '' AS reason
FROM parts AS p
