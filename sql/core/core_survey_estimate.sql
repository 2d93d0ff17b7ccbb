/*
description: >
  Survey estimates of every published domain with their errors: levels, changes on the month (mom) and on the year
  before (yoy), three months pooled (pooled, pooled_mom, pooled_yoy) and the mean since January (average). Taylor
  linearisation over strata and PSUs, of what the calibration leaves unexplained; months are stacked under the same PSU
  ids, so that a change knows the samples' overlap. A person of weight 0 without a status stands for each PSU that was
  fielded, whoever answered there.
grain: [period, contrast, region, sex, age, pop_group, measure]
window: [-14, 0]
computed: survey_estimates
tests:
  - unique: [period, contrast, region, sex, age, pop_group, measure]
  - not_null: [period, contrast, measure, kind, value, df, n]
  - range: {column: se, min: 0}
  - range: {column: value, min: 0, where: "contrast IN ('level', 'pooled', 'average')"}
  - range: {column: value, max: 1, where: "kind = 'ratio'"}
*/
SELECT
  p.period, p.stratum, p.psu, p.household, p.person_no,
  p.region, p.sex, p.age, p.schooling, p.hukou, p.agri_hukou,
  coalesce(w.margin1, '') AS margin1, coalesce(w.margin2, '') AS margin2, coalesce(w.margin3, '') AS margin3, '' AS register,
  p.status, p.status_ilo, p.tru, p.plf, p.long_term, {{ to_double "p.hours_e3" }} / 1000 AS hours, p.wage_fen,
  -- A person without a final weight counts with the base weight.
  coalesce(w.weight_e6, NULLIF(p.weight_e6, 0), p.base_weight_e6, 0) AS weight_e6,
  coalesce(w.base_e6, NULLIF(p.weight_e6, 0), p.base_weight_e6, 0) AS base_e6
FROM core_survey_person AS p
LEFT JOIN core_survey_weight AS w
  ON w.period = p.period AND w.household = p.household AND w.person_no = p.person_no
UNION ALL
SELECT
  f.period, f.stratum, f.psu, '' AS household, '' AS person_no,
  '_U' AS region, '_U' AS sex, '_U' AS age, '_U' AS schooling, '_U' AS hukou, '_U' AS agri_hukou,
  '' AS margin1, '' AS margin2, '' AS margin3, '' AS register,
  0 AS status, 0 AS status_ilo, FALSE AS tru, FALSE AS plf, CAST(NULL AS BOOLEAN) AS long_term,
  CAST(NULL AS DOUBLE) AS hours, CAST(NULL AS BIGINT) AS wage_fen,
  0 AS weight_e6, 0 AS base_e6
FROM (SELECT DISTINCT period, stratum, psu FROM stg_labor_force_survey) AS f
ORDER BY period, stratum, psu, household, person_no
