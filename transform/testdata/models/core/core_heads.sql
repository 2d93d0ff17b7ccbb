/*
description: Heads of a firm.
grain: [period, uscc]
tests:
  - unique: [period, uscc]
  - not_null: [period, uscc]
  - range: {column: heads, min: 1}
  - accepted: {column: uscc, values: [A, B, C]}
*/
SELECT s.period, s.uscc, {{ to_bigint "count(DISTINCT s.person)" }} AS heads
FROM stg_pay AS s
GROUP BY s.period, s.uscc
