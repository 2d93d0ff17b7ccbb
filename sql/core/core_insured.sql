/*
description: Insured heads by employer and month, each person once an employer.
grain: [period, uscc]
tests:
  - unique: [period, uscc]
  - not_null: [period, uscc, insured]
  - range: {column: insured, min: 1}
*/
SELECT
  s.period,
  s.uscc,
  {{ to_bigint "count(DISTINCT s.person)" }} AS insured
FROM stg_social_insurance AS s
GROUP BY s.period, s.uscc
