/*
description: >
  Net dismissals by employer and day: terminations for an involuntary reason, less the persons who were not laid off but
  moved. A person moved when enrolled again by any employer (the group, a dispatch firm, the same firm after the season)
  within alert.rehire_months of the termination, or enrolled by another employer at most alert.moved_before_days before
  it. Retirement, transfers, arrears and pauses have other reasons and never count. A termination reported again later
  counts once, on its last date.
grain: [period, change_date, uscc]
window: [-2, 2]
tests:
  - unique: [period, change_date, uscc]
  - range: {column: persons, min: 0}
*/
WITH dismissed AS (
  SELECT DISTINCT c.period, c.person, c.uscc, c.change_date
  FROM stg_insurance_change AS c
  WHERE c.reason_group = 'involuntary'
),
enrolled AS (
  SELECT DISTINCT c.person, c.uscc, c.change_date
  FROM stg_insurance_change AS c
  WHERE c.change = 'in'
),
moved AS (
  SELECT DISTINCT d.person, d.uscc, d.change_date
  FROM dismissed AS d
  JOIN enrolled AS e ON e.person = d.person
  WHERE (
      e.change_date >= d.change_date
      AND e.change_date <= {{ add_months "d.change_date" (param "alert.rehire_months") }}
    )
    OR (
      e.uscc <> d.uscc
      AND e.change_date < d.change_date
      AND {{ days_between "e.change_date" "d.change_date" }} <= {{ param "alert.moved_before_days" }}
    )
),
repeated AS (
  SELECT DISTINCT d.person, d.uscc, d.change_date
  FROM dismissed AS d
  JOIN dismissed AS later ON later.person = d.person AND later.uscc = d.uscc
  WHERE later.change_date > d.change_date
    AND later.change_date <= {{ add_months "d.change_date" (param "alert.rehire_months") }}
)
SELECT
  d.period,
  d.change_date,
  d.uscc,
  {{ to_bigint "count(*)" }} AS reported,
  {{ to_bigint "count(*) FILTER (WHERE m.person IS NULL AND r.person IS NULL)" }} AS persons
FROM dismissed AS d
LEFT JOIN moved AS m
  ON m.person = d.person AND m.uscc = d.uscc AND m.change_date = d.change_date
LEFT JOIN repeated AS r
  ON r.person = d.person AND r.uscc = d.uscc AND r.change_date = d.change_date
GROUP BY d.period, d.change_date, d.uscc
