/*
description: >
  Change of every survey indicator on the month before (_mom) and on the year before (_yoy), with the standard error that
  the samples' overlap leaves and a symmetric t interval: a difference for rates, shares and hours; relative for counts,
  with the difference as numerator and the earlier figure as denominator. Its quality is the worse of the two months'.
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
    v.period,
    a.indicator || CASE WHEN v.contrast IN ('mom', 'pooled_mom') THEN '_mom' ELSE '_yoy' END AS indicator,
    v.region, v.sex, v.age, v.pop_group, v.value, v.numerator, v.denominator, v.se, v.ci_low, v.ci_high, v.n,
    CASE
      WHEN a.quality = 'unreliable' OR b.quality = 'unreliable' OR v.se IS NULL THEN 'unreliable'
      WHEN a.quality = 'caution' OR b.quality = 'caution' THEN 'caution'
      ELSE 'publish'
    END AS grade,
    CASE
      WHEN v.se IS NULL THEN 'no_error'
      WHEN b.quality = 'unreliable' AND a.quality <> 'unreliable' THEN b.reason
      WHEN a.reason <> '' THEN a.reason
      ELSE b.reason
    END AS cause
  FROM core_survey_estimate AS v
  JOIN ind_survey_level AS a
    ON a.period = v.period AND a.region = v.region AND a.sex = v.sex AND a.age = v.age AND a.pop_group = v.pop_group
    AND a.indicator = v.measure || CASE WHEN v.contrast IN ('pooled_mom', 'pooled_yoy') THEN '_3m' ELSE '' END
  JOIN ind_survey_level AS b
    ON b.region = v.region AND b.sex = v.sex AND b.age = v.age AND b.pop_group = v.pop_group
    AND b.indicator = a.indicator
    AND b.period = CASE WHEN v.contrast IN ('mom', 'pooled_mom') THEN {{ add_months "v.period" -1 }} ELSE {{ add_months "v.period" -12 }} END
  WHERE v.contrast IN ('mom', 'yoy', 'pooled_mom', 'pooled_yoy')
)
SELECT
  period, indicator, region, sex, age, pop_group,
  '_T' AS industry, '_T' AS occupation, '_T' AS enterprise,
  value, numerator, denominator, se, ci_low, ci_high, n,
  CASE WHEN grade = 'unreliable' THEN 'N' ELSE 'A' END AS obs_status,
  grade AS quality,
  cause AS reason
FROM change
