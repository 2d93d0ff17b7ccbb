/*
description: The design effect of the unemployment rate in every domain, and the survey's response rate by county.
grain: [period, indicator, region, sex, age, pop_group]
cube: true
tests:
  - unique: [period, indicator, region, sex, age, pop_group]
  - range: {column: value, min: 0}
*/
WITH household AS (
  SELECT
    period, region, household,
    max(CASE WHEN responded THEN 1 ELSE 0 END) AS answers,
    max(base_weight_e6) AS base_e6
  FROM stg_labor_force_survey
  GROUP BY period, region, household
),
response AS (
  SELECT
    period,
    coalesce(region, '_T') AS region,
    sum(base_e6 * answers) AS answered_e6,
    sum(base_e6) AS drawn_e6,
    count(*) AS n
  FROM household
  WHERE base_e6 > 0 AND region IS NOT NULL
  GROUP BY GROUPING SETS ((period), (period, region))
),
-- An extract of the answers alone says nothing about response.
told AS (
  SELECT DISTINCT period FROM stg_labor_force_survey WHERE responded = FALSE
),
figures AS (
  SELECT
    period, 'surveyed_unemployment_rate_deff' AS indicator, region, sex, age, pop_group,
    deff AS value, CAST(NULL AS DOUBLE) AS numerator, CAST(NULL AS DOUBLE) AS denominator, n
  FROM core_survey_estimate
  WHERE contrast = 'level' AND measure = 'surveyed_unemployment_rate' AND deff IS NOT NULL
  UNION ALL
  SELECT
    r.period, 'survey_response_rate', r.region, '_T', '_T', '_T',
    {{ to_double "r.answered_e6" }} / NULLIF({{ to_double "r.drawn_e6" }}, 0),
    {{ to_double "r.answered_e6" }} / 1e6, {{ to_double "r.drawn_e6" }} / 1e6, {{ to_bigint "r.n" }}
  FROM response AS r
  JOIN told AS t ON t.period = r.period
)
SELECT
  period, indicator, region, sex, age, pop_group,
  '_T' AS industry, '_T' AS occupation, '_T' AS enterprise,
  value, numerator, denominator,
  CAST(NULL AS DOUBLE) AS se, CAST(NULL AS DOUBLE) AS ci_low, CAST(NULL AS DOUBLE) AS ci_high, n,
  'A' AS obs_status,
  '' AS quality,
  '' AS reason
FROM figures
