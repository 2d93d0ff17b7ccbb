/*
description: >
  Filing (填报): of the extracts that the calendar expects of a feed and a month, the share that has arrived, by county
  for feeds that file by county and for the whole city. numerator and denominator are the extracts. Months of which
  nothing at all came have no rows here; the filing board and its alerts know them.
grain: [period, indicator, region]
cube: true
tests:
  - unique: [period, indicator, region]
  - range: {column: value, min: 0, max: 1}
*/
WITH cells AS (
  SELECT b.period, b.feed, b.region, b.arrived, b.expected FROM filing_board AS b
  UNION ALL
  SELECT b.period, b.feed, '_T' AS region, {{ to_bigint "sum(b.arrived)" }} AS arrived, {{ to_bigint "sum(b.expected)" }} AS expected
  FROM filing_board AS b
  WHERE b.region <> '_T'
  GROUP BY b.period, b.feed
)
SELECT
  c.period,
  'filing_' || c.feed AS indicator,
  c.region,
  '_T' AS sex,
  '_T' AS age,
  '_T' AS pop_group,
  '_T' AS industry,
  '_T' AS occupation,
  '_T' AS enterprise,
  {{ to_double "c.arrived" }} / NULLIF({{ to_double "c.expected" }}, 0) AS value,
  {{ to_double "c.arrived" }} AS numerator,
  {{ to_double "c.expected" }} AS denominator,
  CAST(NULL AS DOUBLE) AS se,
  CAST(NULL AS DOUBLE) AS ci_low,
  CAST(NULL AS DOUBLE) AS ci_high,
  c.expected AS n,
  'A' AS obs_status,
  '' AS quality,
  '' AS reason
FROM cells AS c
