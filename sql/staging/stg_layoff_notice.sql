/*
description: Filed layoff plans; the period is the month of the report.
grain: [period, notice_no]
materialized: view
*/
SELECT
  n.period,
  n.notice_no,
  n.uscc,
  n.region,
  n.told_staff_on,
  n.reported_on,
  n.planned_from,
  n.planned_to,
  n.planned_count
FROM lake.layoff_notice AS n
