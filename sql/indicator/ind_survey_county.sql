/*
description: >
  County unemployment rates by the model (模型推算), benchmarked to the city, with the root of the mean squared error as
  standard error, and the weight γ of the survey's own estimate in each. Estimates by nature: obs_status E.
grain: [period, indicator, region]
cube: true
tests:
  - unique: [period, indicator, region]
  - range: {column: value, min: 0, max: 1}
*/
WITH figures AS (
  SELECT
    period, 'surveyed_unemployment_rate_model' AS indicator, region, value, sqrt(mse) AS se, n,
    CASE
      WHEN mse IS NULL THEN 'no_error'
      WHEN sqrt(mse) > {{ param "survey.cv_publish" }} * value THEN 'cv'
      ELSE ''
    END AS cause
  FROM core_county_estimate
  UNION ALL
  SELECT period, 'county_model_shrinkage', region, gamma, CAST(NULL AS DOUBLE), n, ''
  FROM core_county_estimate
)
SELECT
  period, indicator, region,
  '_T' AS sex, '_T' AS age, '_T' AS pop_group, '_T' AS industry, '_T' AS occupation, '_T' AS enterprise,
  value,
  CAST(NULL AS DOUBLE) AS numerator,
  CAST(NULL AS DOUBLE) AS denominator,
  se,
  -- A normal interval at 95 %, within what a rate can be.
  CASE WHEN se > 0 THEN greatest(value - 1.959963984540054 * se, 0) END AS ci_low,
  CASE WHEN se > 0 THEN least(value + 1.959963984540054 * se, 1) END AS ci_high,
  {{ to_bigint "n" }} AS n,
  'E' AS obs_status,
  CASE
    WHEN indicator = 'county_model_shrinkage' THEN ''
    WHEN cause = '' THEN 'publish'
    WHEN cause = 'cv' AND se <= {{ param "survey.cv_caution" }} * value THEN 'caution'
    ELSE 'unreliable'
  END AS quality,
  cause AS reason
FROM figures
