/*
description: >
  What the registers say of a county beside its labor force, as logarithms: registered unemployed and benefit recipients
  to the population of 16 and over (where no totals are known, to insured heads and registered unemployed), and insured
  heads to those of three months before. Half a person is added, so that none has a logarithm.
grain: [period, region, covariate]
months: [-3, 0]
tests:
  - unique: [period, region, covariate]
  - not_null: [period, region, covariate, x]
  - accepted: {column: covariate, values: [registered, benefit, insured_change]}
*/
WITH population AS (
  SELECT period, region, sum(persons) AS persons
  FROM core_population_total
  WHERE age <> 'Y_LT16' AND hukou = '_T'
  GROUP BY period, region
),
hukou_population AS (
  SELECT period, region, sum(persons) AS persons
  FROM core_population_total
  WHERE age <> 'Y_LT16' AND hukou <> '_T'
  GROUP BY period, region
),
insured AS (
  SELECT period, region, value AS heads
  FROM ind_insured
  WHERE indicator = 'insured_persons' AND region <> '_T' AND industry = '_T' AND enterprise = '_T'
),
registered AS (
  SELECT period, region, value AS persons
  FROM ind_registered
  WHERE indicator = 'registered_unemployed' AND region <> '_T' AND sex = '_T' AND age = '_T' AND pop_group = '_T'
),
benefit AS (
  SELECT b.period, b.region, count(DISTINCT b.person) AS persons
  FROM stg_unemployment_benefit AS b
  WHERE b.kind IN ('benefit', 'assistance') AND b.amount_fen > 0 AND b.region IS NOT NULL
  GROUP BY b.period, b.region
),
base AS (
  SELECT
    i.period,
    i.region,
    i.heads,
    r.persons AS registered,
    b.persons AS benefit,
    {{ to_double "coalesce(p.persons, h.persons, i.heads + r.persons)" }} AS population
  FROM insured AS i
  LEFT JOIN registered AS r ON r.period = i.period AND r.region = i.region
  LEFT JOIN benefit AS b ON b.period = i.period AND b.region = i.region
  LEFT JOIN population AS p ON p.period = i.period AND p.region = i.region
  LEFT JOIN hukou_population AS h ON h.period = i.period AND h.region = i.region
)
SELECT period, region, 'registered' AS covariate, ln((registered + 0.5) / population) AS x
FROM base
WHERE registered IS NOT NULL AND population > 0
UNION ALL
SELECT period, region, 'benefit', ln((benefit + 0.5) / population)
FROM base
WHERE benefit IS NOT NULL AND population > 0
UNION ALL
SELECT n.period, n.region, 'insured_change', ln((n.heads + 0.5) / (e.heads + 0.5))
FROM insured AS n
JOIN insured AS e ON e.region = n.region AND {{ add_months "e.period" 3 }} = n.period
