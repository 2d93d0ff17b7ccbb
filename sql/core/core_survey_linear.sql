/*
description: >
  Taylor linearisation of every survey indicator: what one PSU adds to the
  estimate's relative deviation, u = num/Σnum − den/Σden (of a total
  num/Σnum), × 10¹⁵ and rounded to an integer. An estimate's standard error is
  its value times the standard error of Σu. Integers make the variances exact
  in any order of summation; the rounding is 10⁻¹⁵ of the estimate. in_… tells
  whether the PSU holds anybody of that base: degrees of freedom.
grain: [period, region, sex, age, pop_group, stratum, psu]
tests:
  - not_null: [period, stratum, psu, rate, lfpr, epr, hours, employed, unemployed, labor_force]
*/
WITH share AS (
  -- Of nobody every share is 0: such an estimate is 0, and no PSU deviates from it.
  SELECT
    p.period, p.region, p.sex, p.age, p.pop_group, p.stratum, p.psu,
    1e15 * coalesce({{ to_double "p.pop_e6" }} / NULLIF(d.pop_e6, 0), 0) AS pop,
    1e15 * coalesce({{ to_double "p.lf_e6" }} / NULLIF(d.lf_e6, 0), 0) AS lf,
    1e15 * coalesce({{ to_double "p.e_e6" }} / NULLIF(d.e_e6, 0), 0) AS e,
    1e15 * coalesce({{ to_double "p.u_e6" }} / NULLIF(d.u_e6, 0), 0) AS u,
    1e15 * coalesce({{ to_double "p.h_e6" }} / NULLIF(d.h_e6, 0), 0) AS h,
    1e15 * coalesce({{ to_double "p.hours_e9" }} / NULLIF(d.hours_e9, 0), 0) AS hours,
    d.lf_e6 > 0 AS has_lf, d.e_e6 > 0 AS has_e, d.u_e6 > 0 AS has_u, d.hours_e9 > 0 AS has_hours,
    p.n_pop, p.n_lf, p.n_h
  FROM core_survey_psu AS p
  JOIN core_survey_domain AS d
    ON d.period = p.period AND d.region = p.region AND d.sex = p.sex AND d.age = p.age
    AND d.pop_group = p.pop_group
)
SELECT
  period, region, sex, age, pop_group, stratum, psu,
  CASE WHEN has_u THEN {{ to_bigint "round(u - lf)" }} ELSE 0 END AS rate,
  CASE WHEN has_lf THEN {{ to_bigint "round(lf - pop)" }} ELSE 0 END AS lfpr,
  CASE WHEN has_e THEN {{ to_bigint "round(e - pop)" }} ELSE 0 END AS epr,
  CASE WHEN has_hours THEN {{ to_bigint "round(hours - h)" }} ELSE 0 END AS hours,
  {{ to_bigint "round(e)" }} AS employed,
  {{ to_bigint "round(u)" }} AS unemployed,
  {{ to_bigint "round(lf)" }} AS labor_force,
  CASE WHEN n_pop > 0 THEN 1 ELSE 0 END AS in_pop,
  CASE WHEN n_lf > 0 THEN 1 ELSE 0 END AS in_lf,
  CASE WHEN n_h > 0 THEN 1 ELSE 0 END AS in_h
FROM share
