/*
description: >
  The survey's statuses by what the registers hold of the persons, weighted, with errors: a reconciliation of the
  surveyed and the registered unemployed. It never changes a status. Months in which no surveyed person has an ID, or
  without any register, have no rows.
grain: [period, measure, pop_group]
computed: survey_links
tests:
  - unique: [period, measure, pop_group]
  - not_null: [period, measure, value, df, n]
  - range: {column: se, min: 0}
*/
SELECT
  p.period, p.stratum, p.psu, p.household, p.person_no,
  p.region, p.sex, p.age, p.schooling, p.hukou, p.agri_hukou,
  coalesce(w.margin1, '') AS margin1, coalesce(w.margin2, '') AS margin2, coalesce(w.margin3, '') AS margin3, l.register,
  p.status, p.status_ilo, p.tru, p.plf, p.long_term, {{ to_double "p.hours_e3" }} / 1000 AS hours, p.wage_fen,
  -- A person without a final weight counts with the base weight.
  coalesce(w.weight_e6, NULLIF(p.weight_e6, 0), p.base_weight_e6, 0) AS weight_e6,
  coalesce(w.base_e6, NULLIF(p.weight_e6, 0), p.base_weight_e6, 0) AS base_e6
FROM core_survey_person AS p
LEFT JOIN core_survey_weight AS w
  ON w.period = p.period AND w.household = p.household AND w.person_no = p.person_no
JOIN core_register_link AS l
  ON l.period = p.period AND l.household = p.household AND l.person_no = p.person_no
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
