/*
description: Heads in the months around.
grain: [period, indicator]
cube: true
*/
SELECT
  a.period, 'around' AS indicator, '_T' AS region, '_T' AS sex, '_T' AS age, '_T' AS pop_group,
  '_T' AS industry, '_T' AS occupation, '_T' AS enterprise, {{ to_double "a.heads" }} AS value,
  CAST(NULL AS DOUBLE) AS numerator, CAST(NULL AS DOUBLE) AS denominator, CAST(NULL AS DOUBLE) AS se,
  CAST(NULL AS DOUBLE) AS ci_low, CAST(NULL AS DOUBLE) AS ci_high, a.months AS n, 'A' AS obs_status, '' AS quality, '' AS reason
FROM core_around AS a
