/*
description: >
  Job openings, job seekers and openings per seeker by region and industry. n is the number of postings, of seekers who
  named the industry (or of all, for a region), and for the ratio the seekers'. The ratio is missing without seekers.
grain: [period, indicator, region, industry]
cube: true
tests:
  - unique: [period, indicator, region, industry]
  - range: {column: value, min: 0}
*/
WITH market AS (
  SELECT
    m.*,
    {{ to_double "m.openings" }} AS openings_value,
    {{ to_double "m.seekers_num" }} / {{ to_double "m.seekers_den" }} AS seekers_value
  FROM core_market AS m
),
figures AS (
  SELECT
    m.period, 'job_openings' AS indicator, m.region, m.industry, m.openings_value AS value,
    CAST(NULL AS DOUBLE) AS numerator, CAST(NULL AS DOUBLE) AS denominator, m.postings AS n
  FROM market AS m
  WHERE m.openings IS NOT NULL
  UNION ALL
  SELECT
    m.period, 'job_seekers', m.region, m.industry, m.seekers_value,
    CAST(NULL AS DOUBLE), CAST(NULL AS DOUBLE), m.seekers_stated
  FROM market AS m
  WHERE m.seekers_num IS NOT NULL
  UNION ALL
  SELECT
    m.period, 'openings_to_seekers_ratio', m.region, m.industry, m.openings_value / NULLIF(m.seekers_value, 0),
    m.openings_value, m.seekers_value, m.seekers_stated
  FROM market AS m
  WHERE m.openings IS NOT NULL AND m.seekers_num IS NOT NULL
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
  '_T' AS enterprise,
  f.value,
  f.numerator,
  f.denominator,
  CAST(NULL AS DOUBLE) AS se,
  CAST(NULL AS DOUBLE) AS ci_low,
  CAST(NULL AS DOUBLE) AS ci_high,
  f.n,
  CASE WHEN f.value IS NULL THEN 'M' ELSE 'A' END AS obs_status,
  '' AS quality,
  '' AS reason
FROM figures AS f
