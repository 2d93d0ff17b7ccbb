/*
description: Weighted sums and counts of persons of every domain, over all PSUs.
grain: [period, region, sex, age, pop_group]
tests:
  - unique: [period, region, sex, age, pop_group]
*/
SELECT
  period, region, sex, age, pop_group,
  {{ to_bigint "sum(n_pop)" }} AS n_pop,
  {{ to_bigint "sum(n_lf)" }} AS n_lf,
  {{ to_bigint "sum(n_e)" }} AS n_e,
  {{ to_bigint "sum(n_u)" }} AS n_u,
  {{ to_bigint "sum(n_h)" }} AS n_h,
  {{ to_double "sum(pop_e6)" }} AS pop_e6,
  {{ to_double "sum(lf_e6)" }} AS lf_e6,
  {{ to_double "sum(e_e6)" }} AS e_e6,
  {{ to_double "sum(u_e6)" }} AS u_e6,
  {{ to_double "sum(h_e6)" }} AS h_e6,
  {{ to_double "sum(hours_e9)" }} AS hours_e9
FROM core_survey_psu
GROUP BY period, region, sex, age, pop_group
