/*
description: Survey indicators of every domain, before their errors are known.
grain: [period, region, sex, age, pop_group, measure]
tests:
  - unique: [period, region, sex, age, pop_group, measure]
  - not_null: [period, measure, kind, value, n]
  - range: {column: value, min: 0}
  - range: {column: value, max: 1, where: "kind = 'ratio'"}
*/
WITH total AS (
  SELECT
    period, region, sex, age, pop_group, measure, kind,
    {{ to_double "sum(num)" }} AS num,
    {{ to_double "sum(den)" }} AS den,
    {{ to_bigint "sum(n_num)" }} AS n_num,
    {{ to_bigint "sum(n_den)" }} AS n
  FROM core_survey_measure
  GROUP BY period, region, sex, age, pop_group, measure, kind
)
SELECT
  period, region, sex, age, pop_group, measure, kind,
  num,
  den,
  CASE kind
    WHEN 'ratio' THEN num / NULLIF(den, 0)
    WHEN 'mean' THEN num / NULLIF(den, 0) / 1000
    ELSE num / 1000000
  END AS value,
  n_num,
  n
FROM total
-- Persons without weight give no estimate, and no row that pretends to be one.
WHERE den > 0
