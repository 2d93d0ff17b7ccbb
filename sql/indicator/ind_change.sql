/*
description: >
  Change on the month (_mom) and on the year before (_yoy) of every administrative indicator: the difference of ratios,
  the relative change of counts (numerator = the difference, denominator = the earlier figure). Of employers' own
  figures, insured heads alone. No row where the earlier figure is missing or zero.
grain: [period, indicator, region, sex, age, pop_group, industry, enterprise]
months: [-12, -1, 0]
cube: true
tests:
  - unique: [period, indicator, region, sex, age, pop_group, industry, enterprise]
  - not_null: [period, indicator, value]
*/
WITH levels AS (
  SELECT period, indicator, region, sex, age, pop_group, industry, occupation, enterprise, value, n
  FROM ind_insured
  UNION ALL
  SELECT period, indicator, region, sex, age, pop_group, industry, occupation, enterprise, value, n
  FROM ind_insurance_change
  WHERE enterprise = '_T'
  UNION ALL
  SELECT period, indicator, region, sex, age, pop_group, industry, occupation, enterprise, value, n
  FROM ind_registered
  UNION ALL
  SELECT period, indicator, region, sex, age, pop_group, industry, occupation, enterprise, value, n
  FROM ind_registered_rate
  UNION ALL
  SELECT period, indicator, region, sex, age, pop_group, industry, occupation, enterprise, value, n
  FROM ind_duplicate_registration
  UNION ALL
  SELECT period, indicator, region, sex, age, pop_group, industry, occupation, enterprise, value, n
  FROM ind_market
),
earlier AS (
  SELECT {{ add_months "period" 1 }} AS later_period, '_mom' AS suffix, l.* FROM levels AS l
  UNION ALL
  SELECT {{ add_months "period" 12 }} AS later_period, '_yoy' AS suffix, l.* FROM levels AS l
),
pairs AS (
  SELECT
    n.period,
    n.indicator || e.suffix AS indicator,
    n.region,
    n.sex,
    n.age,
    n.pop_group,
    n.industry,
    n.occupation,
    n.enterprise,
    n.value - e.value AS difference,
    CASE
      WHEN n.indicator IN ('registered_unemployment_rate', 'openings_to_seekers_ratio') THEN NULL
      ELSE e.value
    END AS base,
    CASE WHEN n.indicator IN ('registered_unemployment_rate', 'openings_to_seekers_ratio') THEN 1 ELSE 0 END AS is_ratio,
    n.n
  FROM levels AS n
  JOIN earlier AS e
    ON e.later_period = n.period AND e.indicator = n.indicator AND e.region = n.region AND e.sex = n.sex
    AND e.age = n.age AND e.pop_group = n.pop_group AND e.industry = n.industry AND e.occupation = n.occupation
    AND e.enterprise = n.enterprise
)
SELECT
  p.period,
  p.indicator,
  p.region,
  p.sex,
  p.age,
  p.pop_group,
  p.industry,
  p.occupation,
  p.enterprise,
  CASE WHEN p.is_ratio = 1 THEN p.difference ELSE p.difference / NULLIF(p.base, 0) END AS value,
  CASE WHEN p.is_ratio = 1 THEN NULL ELSE p.difference END AS numerator,
  p.base AS denominator,
  CAST(NULL AS DOUBLE) AS se,
  CAST(NULL AS DOUBLE) AS ci_low,
  CAST(NULL AS DOUBLE) AS ci_high,
  p.n,
  'A' AS obs_status,
  '' AS quality,
  '' AS reason
FROM pairs AS p
WHERE CASE WHEN p.is_ratio = 1 THEN p.difference ELSE p.difference / NULLIF(p.base, 0) END IS NOT NULL
