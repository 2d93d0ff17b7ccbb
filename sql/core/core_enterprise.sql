/*
description: >
  The register as known in a month: each employer's latest entry of the month or of the three before it, so that a
  missing or late register, or an employer struck off it, does not leave insured heads without a region.
grain: [period, uscc]
window: [-3, 0]
tests:
  - unique: [period, uscc]
  - not_null: [period, uscc, register_period]
*/
WITH register AS (
  SELECT
    e.*,
    -- Of two entries in one month the last of this order holds.
    lead(e.period) OVER (
      PARTITION BY e.uscc
      ORDER BY e.period, e.region NULLS FIRST, e.division NULLS FIRST, e.name NULLS FIRST, e.parent NULLS FIRST
    ) AS next_period
  FROM stg_enterprise AS e
),
-- An entry holds until the next one, at most three months on.
known AS (
  SELECT r.period AS known_period, r.* FROM register AS r
  UNION ALL
  SELECT {{ add_months "r.period" 1 }} AS known_period, r.* FROM register AS r
  UNION ALL
  SELECT {{ add_months "r.period" 2 }} AS known_period, r.* FROM register AS r
  UNION ALL
  SELECT {{ add_months "r.period" 3 }} AS known_period, r.* FROM register AS r
)
SELECT
  k.known_period AS period,
  k.uscc,
  k.period AS register_period,
  k.name,
  k.region,
  k.division,
  k.section,
  k.parent,
  k.status
FROM known AS k
WHERE k.next_period IS NULL OR k.known_period < k.next_period
