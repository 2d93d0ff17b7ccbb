/*
description: The register as known in a month, its own or the one of the month before.
grain: [period, uscc]
window: [-1, 0]
tests:
  - unique: [period, uscc]
*/
WITH known AS (
  SELECT r.period, r.uscc, r.region, 0 AS age FROM lake.register AS r
  UNION ALL
  SELECT {{ add_months "r.period" 1 }}, r.uscc, r.region, 1 FROM lake.register AS r
),
ranked AS (
  SELECT k.*, row_number() OVER (PARTITION BY k.period, k.uscc ORDER BY k.age) AS place FROM known AS k
)
SELECT r.period, r.uscc, r.region
FROM ranked AS r
WHERE r.place = 1
