/*
description: >
  The filed plan that belongs to an employer's layoff window, and how many days ahead of the layoffs it was reported and
  told to the staff. A plan belongs when its planned days, widened by one window on either side, meet the layoffs; one
  without planned days belongs for half a year after its report. Of several, the latest report. Days are counted to the
  first dismissal from the planned start on, also of persons who found work since, or to the first of the window when a
  tenth or more left before that start.
grain: [period, uscc]
window: [-7, 0]
tests:
  - unique: [period, uscc]
  - not_null: [period, uscc, notice_no, notice_days]
*/
WITH candidates AS (
  SELECT
    l.period,
    l.uscc,
    l.window_from,
    l.window_to,
    n.notice_no,
    n.reported_on,
    coalesce(n.told_staff_on, n.reported_on) AS told_on,
    n.planned_from,
    row_number() OVER (
      PARTITION BY l.period, l.uscc ORDER BY n.reported_on DESC, n.notice_no
    ) AS place
  FROM core_layoff_level AS l
  JOIN stg_layoff_notice AS n ON n.uscc = l.uscc
  WHERE n.reported_on <= l.window_to
    AND {{ days_between "n.reported_on" "l.window_to" }} <= 183
    AND {{ days_between "coalesce(n.planned_from, n.reported_on)" "l.window_to" }} >= -{{ param "alert.window_days" }}
    AND (
      n.planned_to IS NULL
      OR {{ days_between "n.planned_to" "l.window_from" }} <= {{ param "alert.window_days" }}
    )
),
started AS (
  SELECT
    c.period,
    c.uscc,
    c.notice_no,
    c.reported_on,
    c.told_on,
    c.window_from,
    min(d.change_date) FILTER (WHERE d.change_date >= c.planned_from) AS first_planned,
    {{ to_bigint "coalesce(sum(d.persons) FILTER (WHERE d.change_date >= c.window_from AND d.change_date < c.planned_from), 0)" }}
      AS before_plan,
    {{ to_bigint "sum(d.persons) FILTER (WHERE d.change_date >= c.window_from)" }} AS persons
  FROM candidates AS c
  JOIN core_dismissal AS d
    ON d.uscc = c.uscc AND d.change_date <= c.window_to
    AND {{ days_between "d.change_date" "c.window_from" }} < {{ param "alert.window_days" }}
  WHERE c.place = 1
  GROUP BY c.period, c.uscc, c.notice_no, c.reported_on, c.told_on, c.window_from
),
dated AS (
  SELECT
    s.*,
    CASE WHEN s.before_plan * 10 < s.persons THEN coalesce(s.first_planned, s.window_from) ELSE s.window_from END
      AS started_on
  FROM started AS s
)
SELECT
  d.period,
  d.uscc,
  d.notice_no,
  {{ days_between "d.reported_on" "d.started_on" }} AS notice_days,
  {{ days_between "d.told_on" "d.started_on" }} AS told_days
FROM dated AS d
