/*
description: >
  The survey's weights. Base weights (inverse inclusion probabilities) are adjusted for non-response by class, trimmed,
  and calibrated to the population totals in force. A month whose extract has no base weights, or for which there are
  no totals, has no rows here: it keeps the final weights that it was given. base_e6 is the weight before calibration, on which the
  calibration's part in the variance rests; margin1 to margin3 are the person's cells of it. What the computation reads
  are persons, households that did not answer (person 0) and, as rows of kind 1, totals.
grain: [period, household, person_no]
computed: survey_weights
tests:
  - unique: [period, household, person_no]
  - not_null: [period, household, person_no, weight_e6, base_e6]
  - range: {column: weight_e6, min: 0}
  - range: {column: base_e6, min: 0}
*/
-- Months in which weights are made; the others keep those that they were given.
WITH based AS (
  SELECT s.period
  FROM stg_labor_force_survey AS s
  WHERE {{ param "weighting.method" }} <> 'given'
  GROUP BY s.period
  HAVING {{ param "weighting.method" }} = 'calibrated'
    OR (count(*) FILTER (WHERE s.responded AND (s.base_weight_e6 IS NULL OR s.base_weight_e6 <= 0)) = 0
      AND s.period IN (SELECT period FROM core_population_total))
)
SELECT
  0 AS kind,
  period,
  household,
  person_no,
  region,
  stratum,
  psu,
  coalesce(response_class, '') AS class,
  responded,
  coalesce(sex, '_U') AS sex,
  CASE
    WHEN age < 16 THEN 'Y_LT16'
    WHEN age <= 24 THEN 'Y16T24'
    WHEN age <= 29 THEN 'Y25T29'
    WHEN age <= 59 THEN 'Y30T59'
    WHEN age > 59 THEN 'Y_GE60'
    ELSE '_U'
  END AS age,
  coalesce(hukou, '_U') AS hukou,
  base_weight_e6,
  weight_e6,
  CAST(NULL AS BIGINT) AS persons
FROM stg_labor_force_survey AS s
WHERE s.period IN (SELECT period FROM based)
UNION ALL
SELECT
  1 AS kind, period, '' AS household, '' AS person_no, region, '' AS stratum, '' AS psu, '' AS class, TRUE AS responded,
  sex, age, hukou, CAST(NULL AS BIGINT) AS base_weight_e6, CAST(NULL AS BIGINT) AS weight_e6, persons
FROM core_population_total
WHERE period IN (SELECT period FROM based)
ORDER BY period, kind, stratum, psu, household, person_no, region, sex, age, hukou
