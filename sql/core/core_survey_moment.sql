/*
description: >
  First and second moments of the linearised values within each stratum, of the
  month alone. PSUs outside the domain have the value 0 and need no row.
grain: [period, region, sex, age, pop_group, measure, stratum]
tests:
  - unique: [period, region, sex, age, pop_group, measure, stratum]
*/
SELECT
  period, region, sex, age, pop_group, measure, stratum,
  CAST(sum(u) AS DECIMAL(38, 0)) AS s,
  CAST(sum(CAST(u AS DECIMAL(38, 0)) * CAST(u AS DECIMAL(38, 0))) AS DECIMAL(38, 0)) AS ss,
  {{ to_bigint "sum(filled)" }} AS filled
FROM core_survey_linear
GROUP BY period, region, sex, age, pop_group, measure, stratum
