/*
description: >
  Net dismissals of a whole region over 30 days that reach the red total; one row a month, of the window with
  the most persons. Staff is the region's insured heads of the month before the window's first dismissal.
grain: [period, region]
window: [-4, 0]
tests:
  - unique: [period, region]
  - not_null: [period, rule, level, persons]
*/
WITH daily AS (
  SELECT
    d.period,
    e.region AS code,
    d.change_date,
    {{ days_between "DATE '2000-01-01'" "d.change_date" }} AS day_no,
    sum(d.persons) AS persons
  FROM core_dismissal AS d
  JOIN core_enterprise AS e ON e.period = d.period AND e.uscc = d.uscc
  WHERE d.persons > 0 AND e.region IS NOT NULL
  GROUP BY d.period, e.region, d.change_date
),
windows AS (
  SELECT
    d.period,
    d.code,
    d.change_date AS window_to,
    min(d.change_date) OVER rolling AS window_from,
    {{ to_bigint "sum(d.persons) OVER rolling" }} AS persons
  FROM daily AS d
  WINDOW rolling AS (
    PARTITION BY d.code ORDER BY d.day_no
    RANGE BETWEEN {{ param "alert.window_days" }} - 1 PRECEDING AND CURRENT ROW
  )
),
ranked AS (
  SELECT
    w.*,
    row_number() OVER (PARTITION BY w.period, w.code ORDER BY w.persons DESC, w.window_to) AS place
  FROM windows AS w
  WHERE w.persons >= {{ param "alert.total_red_persons" }}
),
staffed AS (
  SELECT
    r.*,
    {{ to_bigint "coalesce(b.value, s.value)" }} AS base
  FROM ranked AS r
  LEFT JOIN ind_insured AS b
    ON b.indicator = 'insured_persons' AND b.enterprise = '_T'
    AND b.region = r.code AND b.industry = '_T'
    AND b.period = {{ add_months (month_of "r.window_from") -1 }}
  LEFT JOIN ind_insured AS s
    ON s.indicator = 'insured_persons' AND s.enterprise = '_T'
    AND s.region = r.code AND s.industry = '_T'
    AND s.period = {{ month_of "r.window_from" }}
  WHERE r.place = 1
)
SELECT
  s.period,
  'region_layoff' AS rule,
  CAST(1 AS SMALLINT) AS level,
  s.code AS region,
  '_T' AS industry,
  '_T' AS enterprise,
  s.window_from,
  s.window_to,
  s.persons,
  s.base,
  {{ to_double "s.persons" }} / NULLIF({{ to_double "s.base" }}, 0) AS rate,
  CAST(NULL AS VARCHAR) AS notice_no,
  CAST(NULL AS INTEGER) AS notice_days,
  CAST(NULL AS BOOLEAN) AS notice_ok
FROM staffed AS s
