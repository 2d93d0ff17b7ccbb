/*
description: >
  The city's surveyed unemployment rate against the year's target: blue near it, yellow at it, orange above it by
  alert.city_orange_margin and red by alert.city_red_margin in this month and the one before, red only when this month's
  excess over the target is beyond alert.city_change_se standard errors. The rate's steps lie inside its sampling error,
  so no level stands without a second source: the registered rate in the band of its own target, or insured heads down
  by alert.city_second_heads_fall on the year before. persons and base are the surveyed unemployed and labor force.
grain: [period]
window: [-1, 0]
tests:
  - unique: [period]
  - not_null: [period, rule, level, persons]
  - accepted: {column: level, values: [1, 2, 3, 4]}
*/
WITH surveyed AS (
  SELECT s.period, s.value AS rate, s.se, s.numerator, s.denominator
  FROM ind_survey_level AS s
  WHERE s.indicator = 'surveyed_unemployment_rate'
    AND s.region = '_T' AND s.sex = '_T' AND s.age = '_T' AND s.pop_group = '_T'
),
registered AS (
  SELECT r.period, r.value AS rate
  FROM ind_registered_rate AS r
  WHERE r.region = '_T'
),
heads AS (
  SELECT c.period, c.value AS change
  FROM ind_change AS c
  WHERE c.indicator = 'insured_persons_yoy' AND c.region = '_T' AND c.industry = '_T' AND c.enterprise = '_T'
),
judged AS (
  SELECT
    s.period,
    b.period AS before_period,
    s.rate,
    s.numerator,
    s.denominator,
    CASE
      WHEN s.rate >= {{ param "target.surveyed_rate" }} + {{ param "alert.city_red_margin" }}
        AND b.rate >= {{ param "target.surveyed_rate" }} + {{ param "alert.city_red_margin" }}
        AND s.rate - {{ param "target.surveyed_rate" }} > {{ param "alert.city_change_se" }} * s.se
        THEN 1
      WHEN s.rate >= {{ param "target.surveyed_rate" }} + {{ param "alert.city_orange_margin" }}
        AND b.rate >= {{ param "target.surveyed_rate" }} + {{ param "alert.city_orange_margin" }}
        THEN 2
      WHEN s.rate >= {{ param "target.surveyed_rate" }} THEN 3
      WHEN s.rate >= {{ param "target.surveyed_rate" }} - {{ param "alert.city_blue_margin" }} THEN 4
    END AS level
  FROM surveyed AS s
  LEFT JOIN surveyed AS b ON b.period = {{ add_months "s.period" -1 }}
  LEFT JOIN registered AS r ON r.period = s.period
  LEFT JOIN heads AS h ON h.period = s.period
  WHERE r.rate >= {{ param "target.registered_rate" }} - {{ param "alert.city_blue_margin" }}
    OR h.change <= -{{ param "alert.city_second_heads_fall" }}
)
SELECT
  j.period,
  'city_rate' AS rule,
  CAST(j.level AS SMALLINT) AS level,
  '_T' AS region,
  '_T' AS industry,
  '_T' AS enterprise,
  CASE WHEN j.level <= 2 THEN j.before_period ELSE j.period END AS window_from,
  {{ month_end "j.period" }} AS window_to,
  {{ to_bigint "round(j.numerator)" }} AS persons,
  {{ to_bigint "round(j.denominator)" }} AS base,
  j.rate,
  CAST(NULL AS VARCHAR) AS notice_no,
  CAST(NULL AS INTEGER) AS notice_days,
  CAST(NULL AS BOOLEAN) AS notice_ok
FROM judged AS j
WHERE j.level IS NOT NULL
