/*
description: >
  Labor force status of every row of the survey (0 out of scope, 1 employed,
  2 unemployed, 3 not in the labor force; NULL for a household that did not
  answer), with the answers it follows from.
  status_nbs follows the monthly labor force survey of the National Bureau of
  Statistics, status_ilo the resolution on work statistics of the 19th
  International Conference of Labour Statisticians (employed 27-29,
  underemployed 43, unemployed 47-48, potential labor force 51).
  A precise answer wins over a summary: months and pay of an absence over
  absent_return, days since the last search over searched, days until the agreed
  start over start_later. What was not answered counts as no. Without the days,
  searched (asked of three months) counts in both rules, so status_ilo then
  holds as many unemployed as there can be.
  A status given by the extract is taken as one of the configured rule and wins
  in status and in that rule's column; where no question was answered it stands
  for the other rule too. status_derived leaves it out of account.
  tru (time-related underemployed) and plf (potential labor force) go with
  status, tru_ilo and plf_ilo with status_ilo, so that in each rule nobody is
  counted twice: LU2 = (U + TRU) / LF, LU3 = (U + PLF) / (LF + PLF),
  LU4 = (U + TRU + PLF) / (LF + PLF).
grain: [period, region, psu, household, person_no]
materialized: view
*/
{{ define "tru" }}{{ . }} = 1 AND coalesce(wants_more, FALSE) AND coalesce(more_available, TRUE)
      AND coalesce(usual < {{ param "survey.underemployed_hours" }}, FALSE){{ end -}}
WITH answer AS (
  SELECT
    s.*,
    -- Within the limit or paid. Where one of the two is not known and the other
    -- does not settle it, the summary does: it says that one of them holds.
    coalesce(CASE
      WHEN absence_months <= {{ param "survey.absence_months" }} OR absence_paid THEN TRUE
      WHEN absence_months IS NOT NULL AND absence_paid IS NOT NULL THEN FALSE
      ELSE absent_return
    END, FALSE) AS keeps_job,
    coalesce(CASE WHEN search_days IS NOT NULL THEN search_days <= {{ param "survey.search_window_days" }}
      ELSE searched END, FALSE) AS sought_nbs,
    coalesce(CASE WHEN search_days IS NOT NULL THEN search_days <= {{ param "survey.ilo_search_window_days" }}
      ELSE searched END, FALSE) AS sought_ilo,
    coalesce(CASE WHEN start_days IS NOT NULL THEN start_days <= {{ param "survey.start_window_days" }}
      ELSE start_later END, FALSE) AS agreed_start,
    coalesce(available, FALSE) AS can_start,
    coalesce(worked, absent, absent_return, absence_paid, searched, available, start_later) IS NOT NULL
      OR coalesce(absence_months, search_days, start_days) IS NOT NULL AS answered,
    -- Who was absent has zero hours in the week, which are not the usual ones.
    CASE WHEN hours_usual > 0 THEN hours_usual WHEN hours > 0 THEN hours END AS usual
  FROM stg_labor_force_survey AS s
), derived AS (
  SELECT
    a.*,
    -- First match wins. The age is asked of everybody; where it is missing the
    -- answers decide, for only those in scope were asked.
    CASE
      WHEN age < {{ param "survey.age_floor" }} THEN 0
      WHEN worked THEN 1
      WHEN absent AND keeps_job THEN 1
      WHEN sought_nbs AND can_start THEN 2
      -- No source says how NBS counts a job agreed on, so the configuration does.
      WHEN agreed_start AND can_start AND {{ param "survey.agreed_start_unemployed" }} = 1 THEN 2
      ELSE 3
    END AS by_nbs,
    CASE
      WHEN age < {{ param "survey.ilo_age_floor" }} THEN 0
      WHEN worked THEN 1
      WHEN absent AND keeps_job THEN 1
      WHEN sought_ilo AND can_start THEN 2
      WHEN agreed_start AND can_start THEN 2
      ELSE 3
    END AS by_ilo
  FROM answer AS a
), settled AS (
  SELECT
    d.*,
    CASE WHEN {{ param "survey.status_rule" }} = 'ilo' THEN by_ilo ELSE by_nbs END AS by_rule,
    CASE WHEN {{ param "survey.status_rule" }} = 'ilo' THEN sought_ilo ELSE sought_nbs END AS sought,
    CASE WHEN {{ param "survey.status_rule" }} = 'ilo' AND answered THEN by_nbs ELSE coalesce(status, by_nbs) END AS nbs,
    CASE WHEN {{ param "survey.status_rule" }} = 'nbs' AND answered THEN by_ilo ELSE coalesce(status, by_ilo) END AS ilo
  FROM derived AS d
), counted AS (
  SELECT
    s.*,
    coalesce(status, by_rule) AS final
  FROM settled AS s
)
SELECT
  period, household, person_no, person, region, stratum, psu,
  responded, response_class, base_weight_e6, weight_e6,
  age, sex, hukou, in_school, education,
  worked, absent, absent_return, absence_months, absence_paid,
  searched, search_days, available, start_later, start_days, wants_work,
  wants_more, more_available, hours, hours_usual, wage_fen, months_unemployed,
  answered, keeps_job, agreed_start,
  status AS status_given,
  CASE WHEN responded THEN by_rule END AS status_derived,
  CASE WHEN responded THEN final END AS status,
  CASE WHEN responded THEN nbs END AS status_nbs,
  CASE WHEN responded THEN ilo END AS status_ilo,
  responded AND {{ template "tru" "final" }} AS tru,
  responded AND {{ template "tru" "ilo" }} AS tru_ilo,
  -- Seeking and not available, or available and wanting work but not seeking.
  responded AND final = 3 AND CASE WHEN sought THEN NOT can_start
    ELSE can_start AND coalesce(wants_work, FALSE) END AS plf,
  responded AND ilo = 3 AND CASE WHEN sought_ilo THEN NOT can_start
    ELSE can_start AND coalesce(wants_work, FALSE) END AS plf_ilo,
  -- NULL for an unemployed person who did not say for how long.
  responded AND CASE WHEN final = 2 THEN months_unemployed >= {{ param "survey.long_term_months" }}
    ELSE FALSE END AS long_term
FROM counted
