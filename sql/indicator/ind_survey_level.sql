/*
description: >
  Indicators of the labor force survey with standard error, confidence
  interval and quality: surveyed unemployment, participation and employment
  rates, mean weekly hours, employed, unemployed and labor force. Rates have a
  logit interval, at 0 and 1 the Korn–Graubard limit; means and totals a
  symmetric one, never below 0. Figures that the sample cannot bear are kept,
  with obs_status N and quality unreliable: the release suppresses them.
  Rates by age without students are a series of its own that NBS publishes from
  the month survey.youth_break on, in place of those with students (16-24 only;
  it published neither from 2023-07 to 2023-11). That month carries B (break),
  before N, since quality tells of the sample anyway. Earlier months are computed
  back from the same answers and carry E (estimated): no official figure exists
  that they could be held against. Those with students go on unmarked.
grain: [period, indicator, region, sex, age, pop_group]
cube: true
tests:
  - unique: [period, indicator, region, sex, age, pop_group]
  - not_null: [period, indicator, value, n, obs_status, quality]
  - accepted: {column: quality, values: [publish, caution, unreliable]}
  - range: {column: se, min: 0}
  - range: {column: value, min: 0}
  - range: {column: ci_high, max: 1, where: "indicator IN ('surveyed_unemployment_rate', 'labor_force_participation_rate', 'employment_rate')"}
*/
WITH estimate AS (
  SELECT
    v.period, v.region, v.sex, v.age, v.pop_group, v.measure, v.kind,
    v.value,
    -- Without degrees of freedom a standard error says nothing, be it 0.
    CASE WHEN v.df > 0 THEN v.se END AS se,
    v.df, e.numerator, e.denominator, e.n, e.n_counted, t.t,
    v.value * (1 - v.value) AS spread,
    -- Persons of a simple random sample that would tell as much.
    e.n * power(own.t / t.t, 2) AS n_effective
  FROM core_survey_variance AS v
  JOIN core_survey_estimate AS e
    ON e.period = v.period AND e.region = v.region AND e.sex = v.sex AND e.age = v.age
    AND e.pop_group = v.pop_group AND e.measure = v.measure
  LEFT JOIN core_survey_t AS t ON t.period = v.period AND t.df = v.df
  LEFT JOIN core_survey_t AS own ON own.period = v.period AND own.df = e.n - 1
  WHERE v.contrast = 'level'
), bounded AS (
  SELECT
    e.*,
    -- exp is held within what a double can carry; the limit is then 0 or 1.
    CASE WHEN kind = 'ratio' AND se > 0 AND spread > 0 THEN exp(least(t * se / spread, 700)) END AS odds,
    CASE WHEN kind = 'ratio' AND se = 0 AND (value = 0 OR value = 1)
      THEN power((1 - {{ param "survey.confidence" }}) / 2, 1 / n_effective) END AS edge
  FROM estimate AS e
)
SELECT
  period, measure AS indicator, region, sex, age, pop_group,
  '_T' AS industry, '_T' AS occupation, '_T' AS enterprise,
  value,
  numerator,
  denominator,
  se,
  CASE
    WHEN odds IS NOT NULL THEN value / (value + (1 - value) * odds)
    WHEN edge IS NOT NULL THEN CASE WHEN value = 0 THEN 0 ELSE edge END
    WHEN kind <> 'ratio' AND se > 0 AND t IS NOT NULL THEN greatest(value - t * se, 0)
  END AS ci_low,
  CASE
    WHEN odds IS NOT NULL THEN value / (value + (1 - value) / odds)
    WHEN edge IS NOT NULL THEN CASE WHEN value = 1 THEN 1 ELSE 1 - edge END
    WHEN kind <> 'ratio' AND se > 0 AND t IS NOT NULL THEN value + t * se
  END AS ci_high,
  n,
  CASE
    WHEN pop_group = 'NON_STUDENT' AND period = {{ to_date (param "survey.youth_break") }} THEN 'B'
    WHEN quality = 'unreliable' THEN 'N'
    WHEN pop_group = 'NON_STUDENT' AND period < {{ to_date (param "survey.youth_break") }} THEN 'E'
    ELSE 'A'
  END AS obs_status,
  quality
FROM (
  SELECT
    b.*,
    CASE
      WHEN se IS NULL OR t IS NULL OR value = 0 OR n < {{ param "survey.min_labor_force" }} THEN 'unreliable'
      WHEN measure IN ('surveyed_unemployment_rate', 'surveyed_unemployed')
        AND n_counted < {{ param "survey.min_unemployed" }} THEN 'unreliable'
      -- A standard error from few PSUs is itself too uncertain to vouch for a figure.
      WHEN se <= {{ param "survey.cv_publish" }} * value AND df >= {{ param "survey.min_df" }} THEN 'publish'
      WHEN se <= {{ param "survey.cv_caution" }} * value THEN 'caution'
      ELSE 'unreliable'
    END AS quality
  FROM bounded AS b
) AS judged
