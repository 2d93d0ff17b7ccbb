/*
description: >
  County unemployment rates by the Fay–Herriot model: the direct estimate (three months pooled, or the month's own) of
  every county with a smoothed sampling variance, regressed on what the registers say, benchmarked to the city's direct
  estimate. basis tells what an estimate rests on (composite, synthetic, direct), reason why it is not composite.
grain: [period, region]
computed: county_model
tests:
  - unique: [period, region]
  - not_null: [period, region, basis, value]
  - range: {column: value, min: 0, max: 1}
  - range: {column: mse, min: 0}
  - range: {column: gamma, min: 0, max: 1}
  - accepted: {column: basis, values: [composite, synthetic, direct]}
*/
SELECT
  0 AS kind, period, contrast, region, '' AS covariate, value, se, deff, denominator, n, CAST(NULL AS DOUBLE) AS x
FROM core_survey_estimate
WHERE measure = 'surveyed_unemployment_rate' AND contrast IN ('level', 'pooled') AND sex = '_T' AND age = '_T' AND pop_group = '_T'
UNION ALL
SELECT
  1 AS kind, period, '' AS contrast, region, covariate, CAST(NULL AS DOUBLE) AS value, CAST(NULL AS DOUBLE) AS se,
  CAST(NULL AS DOUBLE) AS deff, CAST(NULL AS DOUBLE) AS denominator, CAST(NULL AS BIGINT) AS n, x
FROM core_county_covariate
ORDER BY period, kind, contrast, region, covariate
