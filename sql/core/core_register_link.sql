/*
description: >
  What the registers hold of a surveyed person in the survey's month, by pseudonym: contributing to insurance, open
  unemployment registration, unemployment benefit, both sides at once, or none. A person without a usable ID cannot be
  linked.
grain: [period, household, person_no]
materialized: view
*/
WITH insured AS (
  SELECT DISTINCT period, person FROM stg_social_insurance
),
registered AS (
  SELECT DISTINCT period, person FROM stg_unemployment_registration WHERE open_after = 1
),
benefit AS (
  SELECT DISTINCT period, person FROM stg_unemployment_benefit WHERE kind IN ('benefit', 'assistance') AND amount_fen > 0
)
SELECT
  p.period,
  p.household,
  p.person_no,
  CASE
    WHEN p.person IS NULL THEN 'REG_UNLINKED'
    WHEN i.person IS NOT NULL AND (r.person IS NOT NULL OR b.person IS NOT NULL) THEN 'REG_BOTH'
    WHEN b.person IS NOT NULL THEN 'REG_BENEFIT'
    WHEN r.person IS NOT NULL THEN 'REG_REGISTERED'
    WHEN i.person IS NOT NULL THEN 'REG_INSURED'
    ELSE 'REG_NONE'
  END AS register
FROM core_survey_person AS p
LEFT JOIN insured AS i ON i.period = p.period AND i.person = p.person
LEFT JOIN registered AS r ON r.period = p.period AND r.person = p.person
LEFT JOIN benefit AS b ON b.period = p.period AND b.person = p.person
