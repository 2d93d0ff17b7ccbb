/*
description: >
  Usual residents by county, sex, age band and hukou (人口控制总数), in the month from which they hold. '_T' stands for
  all of a dimension; rows of one depth add up to each other. A survey month takes those of the newest month that is
  not later than itself.
grain: [period, region, sex, age, hukou]
tests:
  - unique: [period, region, sex, age, hukou]
*/
SELECT
  {{ month_of "period" }} AS period,
  region,
  sex,
  age,
  coalesce(hukou, '_T') AS hukou,
  persons
FROM lake.population_totals
