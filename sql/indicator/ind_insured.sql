/*
description: >
  Insured heads and insuring employers by region, industry and employer. Heads are distinct persons of each cell; n is
  the number of employers behind a figure.
grain: [period, indicator, region, industry, enterprise]
cube: true
tests:
  - unique: [period, indicator, region, industry, enterprise]
  - not_null: [period, indicator, value]
  - range: {column: value, min: 1}
*/
WITH cells AS (
  SELECT
    h.period,
    coalesce(c.region, '_T') AS region,
    coalesce(c.industry, '_T') AS industry,
    sum(h.insured) AS heads,
    count(*) AS employers
  FROM core_insured AS h
  LEFT JOIN core_cell AS c ON c.period = h.period AND c.uscc = h.uscc
  GROUP BY h.period, coalesce(c.region, '_T'), coalesce(c.industry, '_T')
),
figures AS (
  SELECT
    c.period, 'insured_persons' AS indicator, c.region, c.industry, '_T' AS enterprise,
    c.heads - coalesce(o.extra_heads, 0) AS value, c.employers AS n
  FROM cells AS c
  LEFT JOIN core_insured_overlap AS o
    ON o.period = c.period AND o.region = c.region AND o.industry = c.industry
  UNION ALL
  SELECT c.period, 'insured_employers', c.region, c.industry, '_T', c.employers, c.employers
  FROM cells AS c
  UNION ALL
  SELECT h.period, 'insured_persons', '_T', '_T', h.uscc, h.insured, 1
  FROM core_insured AS h
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
