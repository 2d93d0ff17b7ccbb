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
  r.period, r.stratum || '|' || r.psu AS psu, r.cell, r.flags, r.hours, r.wage_fen, r.weight_e6, r.base_e6
FROM (
  SELECT
    p.period, p.stratum, p.psu, p.household, p.person_no,
    -- What persons share is handed over as one text.
    p.region || '|' || p.sex || '|' || p.age || '|' || p.schooling || '|' || p.hukou || '|' || p.agri_hukou
      || '|' || coalesce(w.margin1, '') || '|' || coalesce(w.margin2, '') || '|' || coalesce(w.margin3, '') || '|' || l.register AS cell,
    -- Reading costs by the value: what is yes or no, or one of four, comes as one number.
    p.status + 4 * p.status_ilo + CASE WHEN p.tru THEN 16 ELSE 0 END + CASE WHEN p.plf THEN 32 ELSE 0 END
      + CASE WHEN p.long_term THEN 64 ELSE 0 END + CASE WHEN p.long_term IS NULL THEN 0 ELSE 128 END AS flags,
    {{ to_double "p.hours_e3" }} / 1000 AS hours, p.wage_fen,
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
    f.period, f.stratum, f.psu, '' AS household, '' AS person_no, '_U|_U|_U|_U|_U|_U||||' AS cell,
    0 AS flags, CAST(NULL AS DOUBLE) AS hours, CAST(NULL AS BIGINT) AS wage_fen, 0 AS weight_e6, 0 AS base_e6
  FROM (SELECT DISTINCT period, stratum, psu FROM stg_labor_force_survey) AS f
) AS r
ORDER BY r.period, r.stratum, r.psu, r.household, r.person_no
