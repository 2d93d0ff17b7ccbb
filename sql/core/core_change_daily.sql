/*
description: Enrolments and terminations by employer, day and group of reason, each person once a day and employer.
grain: [period, change_date, uscc, change, reason_group]
tests:
  - unique: [period, change_date, uscc, change, reason_group]
  - not_null: [period, change_date, uscc]
  - accepted: {column: reason_group, values: [enrolment, involuntary, voluntary, other]}
*/
SELECT
  c.period,
  c.change_date,
  c.uscc,
  c.change,
  c.reason_group,
  {{ to_bigint "count(DISTINCT c.person)" }} AS persons
FROM stg_insurance_change AS c
GROUP BY c.period, c.change_date, c.uscc, c.change, c.reason_group
