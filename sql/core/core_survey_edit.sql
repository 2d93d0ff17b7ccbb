/*
description: >
  Rows of the survey whose answers break a consistency edit, one row for each
  rule broken, for review: nothing is corrected and no status changes. A child,
  a status or a job are those of the configured rules. detail holds the row's
  answers on age, status, hours and weights, in the contract's names.
grain: [period, region, psu, household, person_no, edit]
tests:
  - unique: [period, region, psu, household, person_no, edit]
  - relation: {column: edit, to: core_survey_edit_rule, field: edit}
*/
{{ define "item" }}coalesce(' {{ . }}=' || {{ to_text . }}, ''){{ end -}}
WITH row_of AS (
  SELECT
    s.*,
    CASE WHEN person IS NOT NULL THEN count(*) OVER (PARTITION BY period, person) ELSE 1 END AS same_person
  FROM core_survey_status AS s
)
SELECT
  s.period, e.edit, e.severity, s.region, s.psu, s.household, s.person_no,
  trim({{ template "item" "responded" }} || {{ template "item" "weight_e6" }} || {{ template "item" "base_weight_e6" }}
    || {{ template "item" "age" }} || {{ template "item" "in_school" }} || {{ template "item" "education" }}
    || {{ template "item" "worked" }} || {{ template "item" "hours" }} || {{ template "item" "hours_usual" }}
    || {{ template "item" "wage_fen" }} || {{ template "item" "absent" }} || {{ template "item" "absent_return" }}
    || {{ template "item" "absence_months" }} || {{ template "item" "absence_paid" }} || {{ template "item" "searched" }}
    || {{ template "item" "search_days" }} || {{ template "item" "available" }} || {{ template "item" "start_later" }}
    || {{ template "item" "start_days" }} || {{ template "item" "months_unemployed" }}
    || {{ template "item" "status_given" }} || {{ template "item" "status_derived" }}) AS detail
FROM row_of AS s
CROSS JOIN core_survey_edit_rule AS e
WHERE CASE e.edit
  -- A household that did not answer has a base weight and no answers.
  WHEN 'EDIT_NO_WEIGHT' THEN NOT coalesce(base_weight_e6 > 0, FALSE) AND NOT coalesce(responded AND weight_e6 > 0, FALSE)
  WHEN 'EDIT_REFUSAL_ANSWERS' THEN NOT responded AND (answered OR status_given IS NOT NULL)
  ELSE responded AND CASE e.edit
    -- Below 16 the law allows no employment.
    WHEN 'EDIT_CHILD_WORKS' THEN age < {{ param "survey.age_floor" }} AND (worked OR absent)
    WHEN 'EDIT_HOURS_NO_JOB' THEN hours > 0 AND coalesce(NOT worked, status <> 1)
    WHEN 'EDIT_JOB_NO_HOURS' THEN worked AND hours IS NULL
    WHEN 'EDIT_UNDER_ONE_HOUR' THEN worked AND hours < 1
    WHEN 'EDIT_SEEKS_NO_HOURS' THEN status = 1 AND hours = 0 AND searched
    -- Sixteen hours on each of seven days.
    WHEN 'EDIT_LONG_HOURS' THEN hours > 112 OR hours_usual > 112
    -- Two years before the usual age of entry (12, 15, 18), four before a
    -- degree's (22, 24): school begins at six.
    WHEN 'EDIT_AGE_EDUCATION' THEN age < CASE education
      WHEN 'junior_high' THEN 10
      WHEN 'senior_high' THEN 13
      WHEN 'secondary_vocational' THEN 13
      WHEN 'college' THEN 16
      WHEN 'bachelor' THEN 16
      WHEN 'master' THEN 18
      WHEN 'doctor' THEN 20
    END
    WHEN 'EDIT_OLD_STUDENT' THEN in_school AND age > 45
    WHEN 'EDIT_NO_AGE' THEN age IS NULL
    WHEN 'EDIT_MONTHS_NOT_UNEMPLOYED' THEN months_unemployed > 0 AND status <> 2 AND status_nbs <> 2 AND status_ilo <> 2
    -- Nobody has looked for work since before 14.
    WHEN 'EDIT_MONTHS_TOO_LONG' THEN months_unemployed > 12 * greatest(age - 14, 0)
    -- Only a status that was given can be so.
    WHEN 'EDIT_UNEMPLOYED_NO_SEARCH' THEN status = 2 AND NOT agreed_start
      AND NOT CASE WHEN search_days IS NOT NULL THEN search_days <= {{ param "survey.search_window_days" }} ELSE searched END
    WHEN 'EDIT_STATUS_DIFFERS' THEN answered AND status_given <> status_derived
    WHEN 'EDIT_WORKED_AND_ABSENT' THEN worked AND absent
    WHEN 'EDIT_WAGE_NO_JOB' THEN wage_fen > 0 AND status IN (2, 3)
    WHEN 'EDIT_ABSENCE_DIFFERS' THEN absent_return <> keeps_job
    WHEN 'EDIT_SEARCH_DIFFERS' THEN searched <> (search_days <= {{ param "survey.search_window_days" }})
    WHEN 'EDIT_START_DIFFERS' THEN start_later <> (start_days <= {{ param "survey.start_window_days" }})
    WHEN 'EDIT_NO_ANSWERS' THEN NOT answered AND status_given IS NULL AND coalesce(age >= {{ param "survey.age_floor" }}, TRUE)
    WHEN 'EDIT_SAME_PERSON' THEN same_person > 1
  END
END
