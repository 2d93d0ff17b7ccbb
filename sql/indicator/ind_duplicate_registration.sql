/*
description: >
  Persons with more than one open registration at month end: in the city each once, in every region where one of their
  registrations stands once. A month with registrations but no duplicates is zero.
grain: [period, indicator, region]
cube: true
tests:
  - unique: [period, indicator, region]
  - not_null: [period, indicator, value]
  - range: {column: value, min: 0}
*/
WITH cells AS (
  SELECT DISTINCT u.period, '_T' AS region
  FROM stg_unemployment_registration AS u
  UNION ALL
  SELECT DISTINCT u.period, u.region
  FROM stg_unemployment_registration AS u
  WHERE u.region IS NOT NULL
),
duplicates AS (
  SELECT d.period, '_T' AS region, d.person
  FROM core_duplicate_registration AS d
  UNION ALL
  SELECT d.period, d.region, d.person
  FROM core_duplicate_registration AS d
),
counted AS (
  SELECT c.period, c.region, {{ to_bigint "count(DISTINCT d.person)" }} AS persons
  FROM cells AS c
  LEFT JOIN duplicates AS d ON d.period = c.period AND d.region = c.region
  GROUP BY c.period, c.region
)
SELECT
  f.period,
  'duplicate_registrations' AS indicator,
  f.region,
  '_T' AS sex,
  '_T' AS age,
  '_T' AS pop_group,
  '_T' AS industry,
  '_T' AS occupation,
  '_T' AS enterprise,
  {{ to_double "f.persons" }} AS value,
  CAST(NULL AS DOUBLE) AS numerator,
  CAST(NULL AS DOUBLE) AS denominator,
  CAST(NULL AS DOUBLE) AS se,
  CAST(NULL AS DOUBLE) AS ci_low,
  CAST(NULL AS DOUBLE) AS ci_high,
  f.persons AS n,
  'A' AS obs_status,
  '' AS quality,
  '' AS reason
FROM counted AS f
