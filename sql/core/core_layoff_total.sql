/*
description: >
  Net dismissals of a whole region, or of a whole industry division, over 30 days that reach the red total; one row a
  month, of the window with the most persons. Staff is the insured heads of the month before the window's first dismissal.
grain: [period, region, industry]
window: [-4, 0]
tests:
  - unique: [period, region, industry]
  - not_null: [period, persons]
*/
WITH daily AS (
  SELECT
    d.period,
    c.region,
    c.industry,
    d.change_date,
    {{ days_between "DATE '2000-01-01'" "d.change_date" }} AS day_no,
    sum(d.persons) AS persons
  FROM core_dismissal AS d
  JOIN core_cell AS c ON c.period = d.period AND c.uscc = d.uscc
  WHERE d.persons > 0
    AND ((c.region <> '_T' AND c.industry = '_T') OR (c.region = '_T' AND c.industry <> '_T' AND length(c.industry) = 2))
  GROUP BY d.period, c.region, c.industry, d.change_date
),
windows AS (
  SELECT
    d.period,
    d.region,
    d.industry,
    d.change_date AS window_to,
    min(d.change_date) OVER rolling AS window_from,
    {{ to_bigint "sum(d.persons) OVER rolling" }} AS persons
  FROM daily AS d
  WINDOW rolling AS (
    PARTITION BY d.region, d.industry ORDER BY d.day_no
    RANGE BETWEEN {{ param "alert.window_days" }} - 1 PRECEDING AND CURRENT ROW
  )
),
ranked AS (
  SELECT
    w.*,
    row_number() OVER (PARTITION BY w.period, w.region, w.industry ORDER BY w.persons DESC, w.window_to) AS place
  FROM windows AS w
  WHERE w.persons >= {{ param "alert.total_red_persons" }}
)
SELECT
  r.period,
  r.region,
  r.industry,
  r.window_from,
  r.window_to,
  r.persons,
  {{ to_bigint "coalesce(b.value, s.value)" }} AS base
FROM ranked AS r
LEFT JOIN ind_insured AS b
  ON b.indicator = 'insured_persons' AND b.enterprise = '_T' AND b.region = r.region AND b.industry = r.industry
  AND b.period = {{ add_months (month_of "r.window_from") -1 }}
LEFT JOIN ind_insured AS s
  ON s.indicator = 'insured_persons' AND s.enterprise = '_T' AND s.region = r.region AND s.industry = r.industry
  AND s.period = {{ month_of "r.window_from" }}
WHERE r.place = 1
