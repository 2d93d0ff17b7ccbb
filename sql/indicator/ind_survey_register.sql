/*
description: >
  The surveyed persons of each status by what the registers hold of them (pop_group REG_…), and the share of persons
  who can be linked. Shown beside the rates for review; it changes none of them.
grain: [period, indicator, pop_group]
cube: true
tests:
  - unique: [period, indicator, pop_group]
  - range: {column: value, min: 0}
*/
SELECT
  period, measure AS indicator,
  '_T' AS region, '_T' AS sex, '_T' AS age, pop_group, '_T' AS industry, '_T' AS occupation, '_T' AS enterprise,
  value, numerator, denominator, se, ci_low, ci_high, n,
  CASE WHEN se IS NULL OR se > {{ param "survey.cv_caution" }} * value THEN 'N' ELSE 'A' END AS obs_status,
  CASE
    WHEN se IS NULL OR value = 0 OR se > {{ param "survey.cv_caution" }} * value THEN 'unreliable'
    WHEN se > {{ param "survey.cv_publish" }} * value OR df < {{ param "survey.min_df" }} THEN 'caution'
    ELSE 'publish'
  END AS quality,
  CASE
    WHEN value = 0 THEN 'no_case'
    WHEN se IS NULL THEN 'no_error'
    WHEN se > {{ param "survey.cv_publish" }} * value THEN 'cv'
    WHEN df < {{ param "survey.min_df" }} THEN 'few_psus'
    ELSE ''
  END AS reason
FROM core_survey_link
