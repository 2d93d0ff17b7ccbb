/*
description: >
  Enrolments, terminations and involuntary terminations (gross: persons enrolled again later are still in) of the month
  by region, industry and employer; n is the number of employers behind a figure. A cell with insured heads and no change
  is zero; an employer without a change has no row.
grain: [period, indicator, region, industry, enterprise]
cube: true
tests:
  - unique: [period, indicator, region, industry, enterprise]
  - not_null: [period, indicator, value]
  - range: {column: value, min: 0}
*/
WITH monthly AS (
  SELECT
    d.period,
    d.uscc,
    CASE d.change WHEN 'in' THEN 'insurance_enrolments' ELSE 'insurance_terminations' END AS indicator,
    sum(d.persons) AS persons
  FROM core_change_daily AS d
  GROUP BY d.period, d.uscc, d.change
  UNION ALL
  SELECT d.period, d.uscc, 'involuntary_terminations', sum(d.persons)
  FROM core_change_daily AS d
  WHERE d.reason_group = 'involuntary'
  GROUP BY d.period, d.uscc
),
indicators AS (
  SELECT 'insurance_enrolments' AS indicator
  UNION ALL
  SELECT 'insurance_terminations'
  UNION ALL
  SELECT 'involuntary_terminations'
),
counted AS (
  SELECT
    m.period,
    m.indicator,
    coalesce(c.region, '_T') AS region,
    coalesce(c.industry, '_T') AS industry,
    sum(m.persons) AS value,
    count(*) AS n
  FROM monthly AS m
  LEFT JOIN core_cell AS c ON c.period = m.period AND c.uscc = m.uscc
  GROUP BY m.period, m.indicator, coalesce(c.region, '_T'), coalesce(c.industry, '_T')
  UNION ALL
  SELECT i.period, x.indicator, i.region, i.industry, 0, 0
  FROM ind_insured AS i
  JOIN (SELECT DISTINCT d.period FROM core_change_daily AS d) AS p ON p.period = i.period
  CROSS JOIN indicators AS x
  WHERE i.indicator = 'insured_employers'
),
figures AS (
  SELECT c.period, c.indicator, c.region, c.industry, '_T' AS enterprise, sum(c.value) AS value, sum(c.n) AS n
  FROM counted AS c
  GROUP BY c.period, c.indicator, c.region, c.industry
  UNION ALL
  SELECT m.period, m.indicator, '_T', '_T', m.uscc, m.persons, 1
  FROM monthly AS m
)
SELECT
  f.period,
  f.indicator,
  f.region,
  '_T' AS sex,
  '_T' AS age,
  '_T' AS pop_group,
  f.industry,
  '_T' AS occupation,
  f.enterprise,
  {{ to_double "f.value" }} AS value,
  CAST(NULL AS DOUBLE) AS numerator,
  CAST(NULL AS DOUBLE) AS denominator,
  CAST(NULL AS DOUBLE) AS se,
  CAST(NULL AS DOUBLE) AS ci_low,
  CAST(NULL AS DOUBLE) AS ci_high,
  {{ to_bigint "f.n" }} AS n,
  'A' AS obs_status,
  '' AS quality,
  '' AS reason
FROM figures AS f
