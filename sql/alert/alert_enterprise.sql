/*
description: >
  An employer's layoffs of a month by the most severe 30-day window; one in which (nearly) all staff left is a closure.
  notice_ok: a plan was reported and told to the staff alert.notice_days ahead; no plan where the law asks for one is
  not ok; NULL where it asks for none (under alert.yellow_persons and under alert.yellow_rate).
grain: [period, enterprise]
tests:
  - unique: [period, enterprise]
  - not_null: [period, rule, level, enterprise, persons]
  - accepted: {column: level, values: [1, 2, 3, 4]}
*/
SELECT
  l.period,
  CASE WHEN l.closure = 1 THEN 'enterprise_closure' ELSE 'enterprise_layoff' END AS rule,
  CAST(l.level AS SMALLINT) AS level,
  coalesce(e.region, '_T') AS region,
  coalesce(e.division, '_T') AS industry,
  l.uscc AS enterprise,
  l.window_from,
  l.window_to,
  l.persons,
  l.base,
  l.rate,
  n.notice_no,
  CAST(n.notice_days AS INTEGER) AS notice_days,
  CASE
    WHEN n.notice_no IS NOT NULL
      THEN n.notice_days >= {{ param "alert.notice_days" }} AND n.told_days >= {{ param "alert.notice_days" }}
    WHEN l.persons >= {{ param "alert.yellow_persons" }} OR l.rate >= {{ param "alert.yellow_rate" }}
      THEN FALSE
  END AS notice_ok
FROM core_layoff_level AS l
LEFT JOIN core_enterprise AS e ON e.period = l.period AND e.uscc = l.uscc
LEFT JOIN core_layoff_notice AS n ON n.period = l.period AND n.uscc = l.uscc
