/*
description: >
  Change of every survey indicator on the month before (_mom) and on the year
  before (_yoy), with the standard error that the samples' overlap leaves and a
  symmetric t interval: a difference for rates and hours; relative for counts,
  with the difference as numerator and the earlier figure as denominator. Its
  quality is the worse of the two months'.
grain: [period, indicator, region, sex, age, pop_group]
months: [-12, -1, 0]
cube: true
tests:
  - unique: [period, indicator, region, sex, age, pop_group]
  - not_null: [period, indicator, value, n, obs_status, quality]
  - accepted: {column: quality, values: [publish, caution, unreliable]}
  - range: {column: se, min: 0}
*/
WITH change AS (
  SELECT
    v.period, v.measure || '_' || v.contrast AS indicator, v.region, v.sex, v.age, v.pop_group, v.kind,
    v.value, v.se, t.t, a.n,
    a.value AS value_now,
    b.value AS value_then,
    CASE
      WHEN a.quality = 'unreliable' OR b.quality = 'unreliable' OR v.se IS NULL OR t.t IS NULL THEN 'unreliable'
      WHEN a.quality = 'caution' OR b.quality = 'caution' THEN 'caution'
      ELSE 'publish'
    END AS grade,
    CASE
      WHEN v.se IS NULL OR t.t IS NULL THEN 'no_error'
      WHEN b.quality = 'unreliable' AND a.quality <> 'unreliable' THEN b.reason
      WHEN a.reason <> '' THEN a.reason
      ELSE b.reason
    END AS cause
  FROM core_survey_variance AS v
  JOIN ind_survey_level AS a
    ON a.period = v.period AND a.indicator = v.measure AND a.region = v.region
    AND a.sex = v.sex AND a.age = v.age AND a.pop_group = v.pop_group
  JOIN ind_survey_level AS b
    ON b.period = v.then_period AND b.indicator = v.measure AND b.region = v.region
    AND b.sex = v.sex AND b.age = v.age AND b.pop_group = v.pop_group
  LEFT JOIN core_survey_t AS t ON t.period = v.period AND t.df = v.df
  WHERE v.contrast <> 'level'
)
SELECT
  period, indicator, region, sex, age, pop_group,
  '_T' AS industry, '_T' AS occupation, '_T' AS enterprise,
  value,
  CASE WHEN kind = 'total' THEN value_now - value_then END AS numerator,
  CASE WHEN kind = 'total' THEN value_then END AS denominator,
  se,
  CASE WHEN se > 0 THEN value - t * se END AS ci_low,
  CASE WHEN se > 0 THEN value + t * se END AS ci_high,
  n,
  CASE WHEN grade = 'unreliable' THEN 'N' ELSE 'A' END AS obs_status,
  grade AS quality,
  cause AS reason
FROM change
