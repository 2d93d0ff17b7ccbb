/*
description: >
  Population totals in force in a month, by county, sex, age band and hukou: those of the newest file not later than
  the month, at most three years old. They are what survey weights are calibrated to.
grain: [period, region, sex, age, hukou]
window: [-36, 0]
tests:
  - unique: [period, region, sex, age, hukou]
  - not_null: [period, region, sex, age, hukou, persons]
  - range: {column: persons, min: 0}
*/
WITH files AS (
  SELECT f.period, lead(f.period) OVER (ORDER BY f.period) AS next_period
  FROM (SELECT DISTINCT period FROM stg_population_totals) AS f
),
months AS (
  SELECT f.period AS file_period, {{ add_months "f.period" "y.n * 12 + m.n" }} AS period, f.next_period
  FROM files AS f
  CROSS JOIN (VALUES (0), (1), (2), (3)) AS y(n)
  CROSS JOIN (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9), (10), (11)) AS m(n)
  WHERE y.n * 12 + m.n <= 36
)
SELECT
  m.period,
  t.region,
  t.sex,
  t.age,
  t.hukou,
  m.file_period,
  t.persons
FROM months AS m
JOIN stg_population_totals AS t ON t.period = m.file_period
WHERE m.next_period IS NULL OR m.period < m.next_period
