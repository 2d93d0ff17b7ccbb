/*
description: >
  Registered unemployed by cell: the city, and it by region, sex, age band, reason and key group. Each person once a
  cell, however many registrations he holds (residence, hukou, work place), so regions add up to more than the city.
  entered = registered in the month and not registered at its start; left_register = closed in the month and not
  registered at its end: stock = last month's stock + entered - left_register. A key group without anyone is zero.
grain: [period, region, sex, age, pop_group]
tests:
  - unique: [period, region, sex, age, pop_group]
  - range: {column: stock, min: 0}
*/
WITH cells AS (
  SELECT u.*, '_T' AS c_region, '_T' AS c_sex, '_T' AS c_age, '_T' AS c_group
  FROM stg_unemployment_registration AS u
  UNION ALL
  SELECT u.*, u.region, '_T', '_T', '_T'
  FROM stg_unemployment_registration AS u
  WHERE u.region IS NOT NULL
  UNION ALL
  SELECT u.*, '_T', u.sex, '_T', '_T'
  FROM stg_unemployment_registration AS u
  WHERE u.sex IS NOT NULL
  UNION ALL
  SELECT u.*, '_T', '_T', u.age, '_T'
  FROM stg_unemployment_registration AS u
  WHERE u.age IS NOT NULL
  UNION ALL
  SELECT u.*, '_T', '_T', '_T', 'REASON_' || upper(u.reason)
  FROM stg_unemployment_registration AS u
  WHERE u.reason IS NOT NULL
  UNION ALL
  -- Women, youth and the long-term unemployed are told from the registration itself, the others from its categories.
  SELECT u.*, '_T', '_T', '_T', g.code
  FROM stg_unemployment_registration AS u
  JOIN cfg_group AS g
    ON CASE g.code
      WHEN 'women' THEN u.sex = 'F'
      WHEN 'youth' THEN u.age = 'Y16T24'
      WHEN 'long_term' THEN u.long_term = 1
      ELSE u.categories LIKE '%;' || g.code || ';%'
    END
),
persons AS (
  SELECT
    c.period,
    c.c_region,
    c.c_sex,
    c.c_age,
    c.c_group,
    c.person,
    max(c.open_before) AS open_before,
    max(c.entered) AS entered,
    max(c.closed) AS closed,
    max(c.open_after) AS open_after
  FROM cells AS c
  GROUP BY c.period, c.c_region, c.c_sex, c.c_age, c.c_group, c.person
),
counted AS (
  SELECT
    p.period,
    p.c_region AS region,
    p.c_sex AS sex,
    p.c_age AS age,
    p.c_group AS pop_group,
    {{ to_bigint "sum(p.open_after)" }} AS stock,
    {{ to_bigint "count(*) FILTER (WHERE p.entered = 1 AND p.open_before = 0)" }} AS entered,
    {{ to_bigint "count(*) FILTER (WHERE p.closed = 1 AND p.open_after = 0)" }} AS left_register
  FROM persons AS p
  GROUP BY p.period, p.c_region, p.c_sex, p.c_age, p.c_group
)
SELECT c.period, c.region, c.sex, c.age, c.pop_group, c.stock, c.entered, c.left_register
FROM counted AS c
UNION ALL
SELECT m.period, '_T', '_T', '_T', g.code, 0, 0, 0
FROM (SELECT DISTINCT u.period FROM stg_unemployment_registration AS u) AS m
CROSS JOIN cfg_group AS g
WHERE NOT EXISTS (SELECT 1 FROM counted AS c WHERE c.period = m.period AND c.pop_group = g.code)
