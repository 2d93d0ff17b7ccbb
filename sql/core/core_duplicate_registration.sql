/*
description: >
  Open registrations, at month end, of persons who have more than one: people may register at residence, hukou, insured
  or work place, and counties number their registrations themselves. One registration that stands in two files counts
  once. In the city's totals such a person is one all the same (core_registered).
grain: [period, person, registration_no, region]
tests:
  - unique: [period, person, registration_no, region]
  - range: {column: registrations, min: 2}
*/
WITH open_spells AS (
  SELECT
    u.period,
    u.person,
    u.registration_no,
    coalesce(u.region, '') AS region,
    min(u.registered_on) AS registered_on
  FROM stg_unemployment_registration AS u
  WHERE u.open_after = 1 AND u.person IS NOT NULL
  GROUP BY u.period, u.person, u.registration_no, coalesce(u.region, '')
)
SELECT o.period, o.person, o.registration_no, o.region, o.registered_on, {{ to_bigint "d.registrations" }} AS registrations
FROM open_spells AS o
JOIN (
  SELECT s.period, s.person, count(*) AS registrations
  FROM open_spells AS s
  GROUP BY s.period, s.person
  HAVING count(*) > 1
) AS d
  ON d.period = o.period AND d.person = o.person
