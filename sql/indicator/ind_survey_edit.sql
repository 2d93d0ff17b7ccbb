/*
description: >
  Rows of the survey that break a consistency edit, by rule (as pop_group) and
  region; the total counts those that break any, each once. n is the number of
  rows checked. A rule that nobody breaks is zero.
grain: [period, indicator, region, pop_group]
cube: true
tests:
  - unique: [period, indicator, region, pop_group]
  - not_null: [period, indicator, region, pop_group, value, n]
  - range: {column: value, min: 0}
*/
WITH place AS (
  SELECT period, coalesce(region, '_U') AS region FROM core_survey_status
), checked AS (
  SELECT period, coalesce(region, '_T') AS region, {{ to_bigint "count(*)" }} AS n
  FROM place
  GROUP BY GROUPING SETS ((period), (period, region))
), broken AS (
  SELECT period, coalesce(region, '_U') AS region, edit AS pop_group, psu, household, person_no FROM core_survey_edit
  UNION ALL
  SELECT DISTINCT period, coalesce(region, '_U') AS region, '_T' AS pop_group, psu, household, person_no FROM core_survey_edit
), counted AS (
  SELECT period, coalesce(region, '_T') AS region, pop_group, {{ to_bigint "count(*)" }} AS broken
  FROM broken
  GROUP BY GROUPING SETS ((period, pop_group), (period, region, pop_group))
), rule AS (
  SELECT edit AS pop_group FROM core_survey_edit_rule
  UNION ALL
  SELECT '_T' AS pop_group
)
SELECT
  c.period,
  'survey_edits' AS indicator,
  c.region,
  '_T' AS sex,
  '_T' AS age,
  r.pop_group,
  '_T' AS industry,
  '_T' AS occupation,
  '_T' AS enterprise,
  {{ to_double "coalesce(b.broken, 0)" }} AS value,
  CAST(NULL AS DOUBLE) AS numerator,
  CAST(NULL AS DOUBLE) AS denominator,
  CAST(NULL AS DOUBLE) AS se,
  CAST(NULL AS DOUBLE) AS ci_low,
  CAST(NULL AS DOUBLE) AS ci_high,
  c.n,
  'A' AS obs_status,
  '' AS quality,
  '' AS reason
FROM checked AS c
CROSS JOIN rule AS r
LEFT JOIN counted AS b ON b.period = c.period AND b.region = c.region AND b.pop_group = r.pop_group
WHERE c.region <> '_U'
