/*
description: >
  The sample's design as fielded: every PSU of the month with its stratum,
  whoever was found there. Variances count all of them, in every domain.
grain: [period, stratum, psu]
tests:
  - unique: [period, stratum, psu]
  - not_null: [period, stratum, psu]
*/
SELECT period, stratum, psu, {{ to_bigint "count(*)" }} AS persons
FROM core_survey_person
GROUP BY period, stratum, psu
