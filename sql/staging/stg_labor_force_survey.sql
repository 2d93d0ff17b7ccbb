/*
description: Persons of the monthly labor force survey (月度劳动力调查), as loaded.
grain: [period, household, person_no]
materialized: view
*/
SELECT
  {{ month_of "period" }} AS period,
  household,
  person_no,
  region,
  stratum,
  psu,
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
  hours,
  months_unemployed,
  status
FROM lake.labor_force_survey
