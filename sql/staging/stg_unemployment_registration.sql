/*
description: >
  Registration spells open at some time in the month, with the person's age at month end and what the spell does in the
  month: open at its start, registered in it, closed in it, open at its end.
grain: [period, region, registration_no]
materialized: view
*/
WITH spells AS (
  SELECT
    u.period,
    u.registration_no,
    u.person,
    u.sex,
    u.region,
    u.reason,
    u.registered_on,
    u.deregistered_on,
    ';' || coalesce(u.categories, '') || ';' AS categories,
    {{ months_between "u.birth_month" "u.period" }} AS age_months,
    {{ months_between (month_of "u.registered_on") "u.period" }} AS months_registered,
    {{ month_end "u.period" }} AS last_day
  FROM lake.unemployment_registration AS u
)
SELECT
  s.period,
  s.registration_no,
  s.person,
  s.sex,
  s.region,
  s.reason,
  s.registered_on,
  s.categories,
  CASE
    WHEN s.age_months < 192 THEN NULL
    WHEN s.age_months < 300 THEN 'Y16T24'
    WHEN s.age_months < 360 THEN 'Y25T29'
    WHEN s.age_months < 720 THEN 'Y30T59'
    ELSE 'Y_GE60'
  END AS age,
  CASE WHEN s.months_registered >= 12 THEN 1 ELSE 0 END AS long_term,
  CASE WHEN s.registered_on < s.period THEN 1 ELSE 0 END AS open_before,
  CASE WHEN s.registered_on >= s.period THEN 1 ELSE 0 END AS entered,
  CASE WHEN s.deregistered_on >= s.period AND s.deregistered_on <= s.last_day THEN 1 ELSE 0 END AS closed,
  CASE WHEN s.deregistered_on IS NULL OR s.deregistered_on > s.last_day THEN 1 ELSE 0 END AS open_after
FROM spells AS s
WHERE s.registered_on <= s.last_day
  AND (s.deregistered_on IS NULL OR s.deregistered_on >= s.period)
