/*
description: Firms of so many heads.
grain: [period, enterprise]
tests:
  - unique: [period, enterprise]
*/
SELECT
  h.period, 'many' AS rule, CAST(4 AS SMALLINT) AS level, coalesce(r.region, '_T') AS region, '_T' AS industry,
  h.uscc AS enterprise, h.period AS window_from, {{ month_end "h.period" }} AS window_to, h.heads AS persons, h.heads AS base,
  CAST(1 AS DOUBLE) AS rate, CAST(NULL AS VARCHAR) AS notice_no, CAST(NULL AS INTEGER) AS notice_days,
  CAST(NULL AS BOOLEAN) AS notice_ok
FROM core_heads AS h
LEFT JOIN core_register AS r ON r.period = h.period AND r.uscc = h.uscc
WHERE h.heads >= {{ param "alert.heads" }}
