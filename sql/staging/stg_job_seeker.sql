/*
description: Seeker spells open at some time in the month; no division means any industry will do.
grain: [period, region, seeker_no]
materialized: view
*/
SELECT
  s.period,
  s.seeker_no,
  s.person,
  s.region,
  i.code AS division,
  i.section,
  s.occupation
FROM lake.job_seeker AS s
LEFT JOIN cfg_industry AS i ON i.code = substr(s.industry, 1, 2)
WHERE (s.registered_on IS NULL OR s.registered_on <= {{ month_end "s.period" }})
  AND (s.closed_on IS NULL OR s.closed_on >= s.period)
