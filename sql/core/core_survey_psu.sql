/*
description: >
  Weighted sums of every PSU in every published domain: city, county, sex,
  county by sex, age band, age band without students, hukou. Sums are integers
  (weight × 10⁶; hours × weight × 10⁹), so they are exact in any order.
grain: [period, region, sex, age, pop_group, stratum, psu]
tests:
  - unique: [period, region, sex, age, pop_group, stratum, psu]
  - not_null: [period, region, sex, age, pop_group, stratum, psu]
  - accepted: {column: sex, values: [M, F, _T]}
  - accepted: {column: age, values: [Y16T24, Y25T29, Y30T59, Y_GE60, _T]}
  - accepted: {column: pop_group, values: [_T, NON_STUDENT, LOCAL, MIGRANT, MIGRANT_AGRI]}
  - range: {column: n_pop, min: 1}
*/
{{ define "sums" }}
    sum(n_pop) AS n_pop,
    sum(n_e) AS n_e,
    sum(n_u) AS n_u,
    sum(n_h) AS n_h,
    sum(pop_e6) AS pop_e6,
    sum(e_e6) AS e_e6,
    sum(u_e6) AS u_e6,
    sum(h_e6) AS h_e6,
    sum(hours_e9) AS hours_e9
{{- end -}}
WITH fine AS (
  -- The persons are read once, into the finest cells that any domain needs. No
  -- dimension of a person is NULL, so NULL means that the cell does not have it.
  SELECT
    period, stratum, psu, region, sex, age, schooling, hukou, agri_hukou,
    count(*) AS n_pop,
    count(*) FILTER (WHERE status = 1) AS n_e,
    count(*) FILTER (WHERE status = 2) AS n_u,
    count(hours_e3) AS n_h,
    sum(weight_e6) AS pop_e6,
    sum(CASE WHEN status = 1 THEN weight_e6 ELSE 0 END) AS e_e6,
    sum(CASE WHEN status = 2 THEN weight_e6 ELSE 0 END) AS u_e6,
    sum(CASE WHEN hours_e3 IS NOT NULL THEN weight_e6 ELSE 0 END) AS h_e6,
    sum(CAST(weight_e6 AS DECIMAL(38, 0)) * CAST(hours_e3 AS DECIMAL(38, 0))) AS hours_e9
  FROM core_survey_person
  WHERE status IN (1, 2, 3)
  GROUP BY GROUPING SETS (
    (period, stratum, psu, region, sex),
    (period, stratum, psu, age, schooling),
    (period, stratum, psu, hukou, agri_hukou)
  )
), domain AS (
  SELECT
    period, coalesce(region, '_T') AS region, coalesce(sex, '_T') AS sex, '_T' AS age, '_T' AS pop_group,
    stratum, psu, {{- template "sums" }}
  FROM fine
  WHERE region IS NOT NULL
  GROUP BY GROUPING SETS (
    (period, stratum, psu),
    (period, stratum, psu, region),
    (period, stratum, psu, sex),
    (period, stratum, psu, region, sex)
  )
  UNION ALL
  SELECT
    period, '_T' AS region, '_T' AS sex, age, coalesce(schooling, '_T') AS pop_group,
    stratum, psu, {{- template "sums" }}
  FROM fine
  WHERE age IS NOT NULL
  GROUP BY GROUPING SETS (
    (period, stratum, psu, age),
    (period, stratum, psu, age, schooling)
  )
  UNION ALL
  SELECT
    period, '_T' AS region, '_T' AS sex, '_T' AS age, coalesce(hukou, agri_hukou) AS pop_group,
    stratum, psu, {{- template "sums" }}
  FROM fine
  WHERE hukou IS NOT NULL
  GROUP BY GROUPING SETS (
    (period, stratum, psu, hukou),
    (period, stratum, psu, agri_hukou)
  )
)
SELECT
  period, region, sex, age, pop_group, stratum, psu,
  {{ to_bigint "n_pop" }} AS n_pop,
  {{ to_bigint "n_e + n_u" }} AS n_lf,
  {{ to_bigint "n_e" }} AS n_e,
  {{ to_bigint "n_u" }} AS n_u,
  {{ to_bigint "n_h" }} AS n_h,
  CAST(pop_e6 AS DECIMAL(38, 0)) AS pop_e6,
  CAST(e_e6 + u_e6 AS DECIMAL(38, 0)) AS lf_e6,
  CAST(e_e6 AS DECIMAL(38, 0)) AS e_e6,
  CAST(u_e6 AS DECIMAL(38, 0)) AS u_e6,
  CAST(h_e6 AS DECIMAL(38, 0)) AS h_e6,
  CAST(coalesce(hours_e9, 0) AS DECIMAL(38, 0)) AS hours_e9
FROM domain
WHERE region <> '_U' AND sex <> '_U' AND age <> '_U' AND pop_group <> '_U'
  -- The published bands without students end at 59.
  AND NOT (age = 'Y_GE60' AND pop_group = 'NON_STUDENT')
