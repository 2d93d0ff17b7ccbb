/*
description: >
  Surveyed persons who answered, with labor force status by the configured rule
  and by both (see core_survey_status), the flags of labor underutilization and
  the domains they belong to. '_U' marks an item that was not answered: such a
  person counts in the totals and in no domain of that item. Hours and wage are
  those of the employed.
grain: [period, household, person_no]
materialized: view
*/
{{ define "hours" }}CASE WHEN status = 1 AND {{ . }} >= 0 AND {{ . }} <= 168
    THEN CAST(round({{ . }} * 1000) AS BIGINT) END AS {{ . }}_e3{{ end -}}
SELECT
  period,
  household,
  person_no,
  person,
  stratum,
  psu,
  coalesce(region, '_U') AS region,
  CASE WHEN sex IN ('M', 'F') THEN sex ELSE '_U' END AS sex,
  CASE
    WHEN age BETWEEN 16 AND 24 THEN 'Y16T24'
    WHEN age BETWEEN 25 AND 29 THEN 'Y25T29'
    WHEN age BETWEEN 30 AND 59 THEN 'Y30T59'
    WHEN age >= 60 THEN 'Y_GE60'
    ELSE '_U'
  END AS age,
  age AS age_years,
  CASE WHEN in_school = FALSE THEN 'NON_STUDENT' ELSE '_U' END AS schooling,
  CASE
    WHEN hukou IN ({{ param "survey.hukou_local" }}) THEN 'LOCAL'
    WHEN hukou IN ({{ param "survey.hukou_migrant" }}) THEN 'MIGRANT'
    ELSE '_U'
  END AS hukou,
  CASE WHEN hukou IN ({{ param "survey.hukou_migrant_agri" }}) THEN 'MIGRANT_AGRI' ELSE '_U' END AS agri_hukou,
  education,
  status,
  status_given,
  status_derived,
  status_nbs,
  status_ilo,
  tru,
  tru_ilo,
  plf,
  plf_ilo,
  long_term,
  months_unemployed,
  response_class,
  -- A weight that is missing or negative carries nothing; the person still
  -- stands for its PSU in the design.
  CASE WHEN base_weight_e6 > 0 THEN base_weight_e6 ELSE 0 END AS base_weight_e6,
  CASE WHEN weight_e6 > 0 THEN weight_e6 ELSE 0 END AS weight_e6,
  -- Thousandths of an hour, so that products with weights stay integers.
  {{ template "hours" "hours" }},
  {{ template "hours" "hours_usual" }},
  CASE WHEN status = 1 AND wage_fen >= 0 THEN wage_fen END AS wage_fen
FROM core_survey_status
WHERE responded
