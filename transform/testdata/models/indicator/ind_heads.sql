/*
description: Heads by firm and region, in thirds so that rounding shows.
grain: [period, indicator, region, enterprise]
cube: true
tests:
  - unique: [period, indicator, region, enterprise]
  - relation: {column: enterprise, to: cfg_firm, field: uscc, where: "enterprise <> '_T'"}
*/
SELECT
  h.period, 'heads' AS indicator, coalesce(f.region, '_T') AS region, '_T' AS sex, '_T' AS age, '_T' AS pop_group,
  '_T' AS industry, '_T' AS occupation, h.uscc AS enterprise,
  {{ to_double "h.heads" }} / 3 AS value,
  CAST(NULL AS DOUBLE) AS numerator, CAST(NULL AS DOUBLE) AS denominator, CAST(NULL AS DOUBLE) AS se,
  CAST(NULL AS DOUBLE) AS ci_low, CAST(NULL AS DOUBLE) AS ci_high, h.heads AS n, 'A' AS obs_status, '' AS quality, '' AS reason
FROM core_heads AS h
LEFT JOIN cfg_firm AS f ON f.uscc = h.uscc
