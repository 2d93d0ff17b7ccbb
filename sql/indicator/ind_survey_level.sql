/*
description: >
  Indicators of the labor force survey with standard error, confidence interval and quality: the month's own, three
  months pooled (_3m), and the rate's mean since January (_avg). Figures that the sample cannot bear are kept, with
  obs_status N, quality unreliable and the reason: the release suppresses them. Rates by age without students are a
  series of its own that NBS publishes from the month survey.youth_break on, in place of those with students (16–24
  only; it published neither from 2023-07 to 2023-11). That month carries B (break), before N, since quality tells of
  the sample anyway; earlier months are computed back and carry E: no official figure exists to hold them against.
grain: [period, indicator, region, sex, age, pop_group]
cube: true
tests:
  - unique: [period, indicator, region, sex, age, pop_group]
  - not_null: [period, indicator, value, n, obs_status, quality]
  - accepted: {column: quality, values: [publish, caution, unreliable]}
  - accepted: {column: reason, values: ['', no_error, no_case, few_persons, few_unemployed, cv, few_psus]}
  - range: {column: se, min: 0}
  - range: {column: value, min: 0}
  - range: {column: ci_high, max: 1, where: "indicator IN ('surveyed_unemployment_rate', 'labor_force_participation_rate', 'employment_rate')"}
*/
WITH judged AS (
  SELECT
    e.*,
    e.measure || CASE e.contrast WHEN 'pooled' THEN '_3m' WHEN 'average' THEN '_avg' ELSE '' END AS indicator,
    CASE
      WHEN e.se IS NULL THEN 'no_error'
      WHEN e.value = 0 THEN 'no_case'
      WHEN e.n < {{ param "survey.min_labor_force" }} THEN 'few_persons'
      WHEN e.measure IN ('surveyed_unemployment_rate', 'surveyed_unemployment_rate_ilo', 'surveyed_unemployed')
        AND e.n_counted < {{ param "survey.min_unemployed" }} THEN 'few_unemployed'
      WHEN e.se > {{ param "survey.cv_publish" }} * e.value THEN 'cv'
      -- A standard error from few PSUs is itself too uncertain to vouch for a figure.
      WHEN e.df < {{ param "survey.min_df" }} THEN 'few_psus'
      ELSE ''
    END AS cause
  FROM core_survey_estimate AS e
  WHERE e.contrast IN ('level', 'pooled', 'average')
),
graded AS (
  SELECT
    j.*,
    CASE
      WHEN j.cause = '' THEN 'publish'
      WHEN j.cause IN ('cv', 'few_psus') AND j.se <= {{ param "survey.cv_caution" }} * j.value THEN 'caution'
      ELSE 'unreliable'
    END AS grade
  FROM judged AS j
)
SELECT
  period, indicator, region, sex, age, pop_group,
  '_T' AS industry, '_T' AS occupation, '_T' AS enterprise,
  value, numerator, denominator, se, ci_low, ci_high, n,
  CASE
    WHEN pop_group = 'NON_STUDENT' AND period = {{ to_date (param "survey.youth_break") }} THEN 'B'
    WHEN grade = 'unreliable' THEN 'N'
    WHEN pop_group = 'NON_STUDENT' AND period < {{ to_date (param "survey.youth_break") }} THEN 'E'
    ELSE 'A'
  END AS obs_status,
  grade AS quality,
  cause AS reason
FROM graded
