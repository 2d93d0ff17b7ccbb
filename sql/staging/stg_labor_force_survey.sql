/*
description: >
  Persons of the monthly labor force survey (月度劳动力调查), as loaded, and a row of
  person 0 for each household that did not answer. Loads of before version 3 of
  the contract have NULL in what it added; all their rows are answers.
grain: [period, household, person_no]
materialized: view
*/
SELECT
  {{ month_of "period" }} AS period,
  household,
  person_no,
  person,
  region,
  stratum,
  psu,
  coalesce(responded, TRUE) AS responded,
  response_class,
  base_weight_e6,
  weight_e6,
  age,
  sex,
  hukou,
  in_school,
  worked,
  absent,
  absent_return,
  searched,
  available,
  start_later,
  wants_more,
  more_available,
  hours,
  hours_usual,
  wage_fen,
  absence_months,
  absence_paid,
  search_days,
  start_days,
  wants_work,
  education,
  months_unemployed,
  status
FROM lake.labor_force_survey
