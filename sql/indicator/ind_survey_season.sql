/*
description: >
  The seasonally adjusted surveyed unemployment rate and its trend (experimental, obs_status E), and the charts of early
  warning: Sahm's indicator with the interval that sampling leaves it, EWMA and CUSUM with their limits.
grain: [period, indicator]
cube: true
tests:
  - unique: [period, indicator]
*/
WITH figures AS (
  SELECT period, 'surveyed_unemployment_rate_sa' AS indicator, adjusted AS value, CAST(NULL AS DOUBLE) AS se,
    CAST(NULL AS DOUBLE) AS ci_low, CAST(NULL AS DOUBLE) AS ci_high
  FROM core_survey_season
  UNION ALL
  SELECT period, 'surveyed_unemployment_rate_trend', trend, CAST(NULL AS DOUBLE), CAST(NULL AS DOUBLE), CAST(NULL AS DOUBLE)
  FROM core_survey_season
  UNION ALL
  -- One-sided at the level of the rule: the rise must exceed 1.645 standard errors.
  SELECT period, 'surveyed_rate_sahm', sahm, sahm_se, sahm - 1.645 * sahm_se, CAST(NULL AS DOUBLE)
  FROM core_survey_season
  WHERE sahm IS NOT NULL
  UNION ALL
  SELECT period, 'surveyed_rate_ewma', ewma, CAST(NULL AS DOUBLE), ewma_low, ewma_high
  FROM core_survey_season
  WHERE ewma IS NOT NULL
  UNION ALL
  SELECT period, 'surveyed_rate_cusum', cusum, CAST(NULL AS DOUBLE), CAST(NULL AS DOUBLE), cusum_limit
  FROM core_survey_season
  WHERE cusum IS NOT NULL
)
SELECT
  period, indicator,
  '_T' AS region, '_T' AS sex, '_T' AS age, '_T' AS pop_group, '_T' AS industry, '_T' AS occupation, '_T' AS enterprise,
  value,
  CAST(NULL AS DOUBLE) AS numerator,
  CAST(NULL AS DOUBLE) AS denominator,
  se, ci_low, ci_high,
  CAST(NULL AS BIGINT) AS n,
  'E' AS obs_status,
  '' AS quality,
  '' AS reason
FROM figures
