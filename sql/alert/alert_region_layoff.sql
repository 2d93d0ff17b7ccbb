/*
description: Net dismissals of a whole region over 30 days that reach the red total.
grain: [period, region]
tests:
  - unique: [period, region]
  - not_null: [period, rule, level, persons]
*/
SELECT
  t.period,
  'region_layoff' AS rule,
  CAST(1 AS SMALLINT) AS level,
  t.region,
  t.industry,
  '_T' AS enterprise,
  t.window_from,
  t.window_to,
  t.persons,
  t.base,
  {{ to_double "t.persons" }} / NULLIF({{ to_double "t.base" }}, 0) AS rate,
  CAST(NULL AS VARCHAR) AS notice_no,
  CAST(NULL AS INTEGER) AS notice_days,
  CAST(NULL AS BOOLEAN) AS notice_ok
FROM core_layoff_total AS t
WHERE t.region <> '_T'
