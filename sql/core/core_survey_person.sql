/*
description: >
  Surveyed persons with labor force status (0 out of scope, 1 employed,
  2 unemployed, 3 not in the labor force) and the domains they belong to.
  A status given by the extract wins over the questions. '_U' marks an item
  that was not answered: such a person counts in the totals and in no domain
  of that item.
grain: [period, household, person_no]
materialized: view
*/
WITH scoped AS (
  SELECT
    period, household, person_no, region, stratum, psu, age, sex, hukou, in_school, hours, wage_fen, person, base_weight_e6,
    -- A weight that is missing or negative carries nothing; the person still
    -- stands for its PSU in the design.
    CASE WHEN weight_e6 > 0 THEN weight_e6 ELSE 0 END AS weight_e6,
    -- The NBS rules, first match wins. The age is asked of everybody; where it
    -- is missing the answers decide, for only those in scope were asked.
    CASE
      WHEN status IS NOT NULL THEN status
      WHEN age < {{ param "survey.age_floor" }} THEN 0
      WHEN worked THEN 1
      WHEN absent AND absent_return THEN 1
      WHEN searched AND available THEN 2
      -- A job agreed to start within three months: no source says how NBS
      -- counts it, so the configuration does.
      WHEN start_later AND available AND {{ param "survey.agreed_start_unemployed" }} = 1 THEN 2
      ELSE 3
    END AS status
  FROM stg_labor_force_survey
  WHERE responded
)
SELECT
  period,
  household,
  person_no,
  stratum,
  psu,
  coalesce(region, '_U') AS region,
  CASE WHEN sex IN ('M', 'F') THEN sex ELSE '_U' END AS sex,
  CASE
    WHEN age BETWEEN 16 AND 24 THEN 'Y16T24'
    WHEN age BETWEEN 25 AND 29 THEN 'Y25T29'
    WHEN age BETWEEN 30 AND 59 THEN 'Y30T59'
    WHEN age >= 60 THEN 'Y_GE60'
    ELSE '_U'
  END AS age,
  CASE WHEN in_school = FALSE THEN 'NON_STUDENT' ELSE '_U' END AS schooling,
  CASE
    WHEN hukou = 'local' THEN 'LOCAL'
    WHEN hukou IN ('migrant', 'migrant_agri') THEN 'MIGRANT'
    ELSE '_U'
  END AS hukou,
  CASE WHEN hukou = 'migrant_agri' THEN 'MIGRANT_AGRI' ELSE '_U' END AS agri_hukou,
  status,
  status AS status_ilo,
  FALSE AS tru,
  FALSE AS plf,
  CAST(NULL AS BOOLEAN) AS long_term,
  wage_fen,
  person,
  weight_e6,
  CASE WHEN base_weight_e6 > 0 THEN base_weight_e6 ELSE 0 END AS base_weight_e6,
  -- Thousandths of an hour, so that products with weights stay integers.
  CASE WHEN status = 1 AND hours >= 0 AND hours <= 168
    THEN {{ to_bigint "round(hours * 1000)" }} END AS hours_e3
FROM scoped
