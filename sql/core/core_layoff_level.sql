/*
description: >
  The most severe 30-day window of each employer and month that reaches a level. Windows end on days of net dismissals;
  staff is the insured heads of the month before the window's first dismissal. A window in which (nearly) all staff left
  is a closure. Most severe: level, then closure, then persons, then the earlier end.
grain: [period, uscc]
window: [-4, 0]
tests:
  - unique: [period, uscc]
  - accepted: {column: level, values: [1, 2, 3, 4]}
  - range: {column: persons, min: 1}
*/
WITH daily AS (
  SELECT
    d.period,
    d.uscc,
    d.change_date,
    d.persons,
    {{ days_between "DATE '2000-01-01'" "d.change_date" }} AS day_no
  FROM core_dismissal AS d
  WHERE d.persons > 0
),
windows AS (
  SELECT
    d.period,
    d.uscc,
    d.change_date AS window_to,
    min(d.change_date) OVER rolling AS window_from,
    {{ to_bigint "sum(d.persons) OVER rolling" }} AS persons
  FROM daily AS d
  WINDOW rolling AS (
    PARTITION BY d.uscc ORDER BY d.day_no
    RANGE BETWEEN {{ param "alert.window_days" }} - 1 PRECEDING AND CURRENT ROW
  )
),
-- Staff of the month before the first dismissal; in arrears then, of the month before that, or of the month itself.
staffed AS (
  SELECT
    w.*,
    coalesce(b.insured, c.insured, s.insured) AS base
  FROM windows AS w
  LEFT JOIN core_insured AS b
    ON b.uscc = w.uscc AND b.period = {{ add_months (month_of "w.window_from") -1 }}
  LEFT JOIN core_insured AS c
    ON c.uscc = w.uscc AND c.period = {{ add_months (month_of "w.window_from") -2 }}
  LEFT JOIN core_insured AS s
    ON s.uscc = w.uscc AND s.period = {{ month_of "w.window_from" }}
),
rated AS (
  SELECT
    s.*,
    {{ to_double "s.persons" }} / NULLIF({{ to_double "s.base" }}, 0) AS rate
  FROM staffed AS s
),
leveled AS (
  SELECT
    r.*,
    CASE WHEN r.rate >= {{ param "alert.closure_share" }} THEN 1 ELSE 0 END AS closure,
    CASE
      WHEN r.persons >= {{ param "alert.red_persons" }}
        OR (r.persons >= {{ param "alert.closure_red_persons" }} AND r.rate >= {{ param "alert.closure_share" }})
        THEN 1
      WHEN r.persons >= {{ param "alert.orange_persons" }}
        OR (r.base >= {{ param "alert.orange_staff" }} AND r.rate > {{ param "alert.orange_rate" }})
        THEN 2
      WHEN r.persons >= {{ param "alert.yellow_persons" }}
        OR (r.persons >= {{ param "alert.yellow_min_persons" }} AND r.rate >= {{ param "alert.yellow_rate" }})
        THEN 3
      WHEN r.persons >= {{ param "alert.blue_min_persons" }}
        AND (
          (r.base <= {{ param "alert.blue_small_staff" }} AND r.rate > {{ param "alert.blue_small_rate" }})
          OR (r.base > {{ param "alert.blue_small_staff" }} AND r.rate > {{ param "alert.blue_rate" }})
        )
        THEN 4
    END AS level
  FROM rated AS r
),
ranked AS (
  SELECT
    l.*,
    row_number() OVER (
      PARTITION BY l.period, l.uscc
      ORDER BY l.level, l.closure DESC, l.persons DESC, l.window_to
    ) AS place
  FROM leveled AS l
  WHERE l.level IS NOT NULL
)
SELECT
  r.period,
  r.uscc,
  r.level,
  r.closure,
  r.window_from,
  r.window_to,
  r.persons,
  r.base,
  r.rate
FROM ranked AS r
WHERE r.place = 1
