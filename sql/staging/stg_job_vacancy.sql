/*
description: Postings open at some time in the month, with the division stated or, failing that, the employer's.
grain: [period, region, posting_no]
materialized: view
*/
SELECT
  v.period,
  v.posting_no,
  v.uscc,
  v.region,
  coalesce(i.code, e.division) AS division,
  coalesce(i.section, e.section) AS section,
  v.occupation,
  v.openings
FROM lake.job_vacancy AS v
LEFT JOIN cfg_industry AS i ON i.code = substr(v.industry, 1, 2)
LEFT JOIN core_enterprise AS e ON e.period = v.period AND e.uscc = v.uscc
WHERE (v.posted_on IS NULL OR v.posted_on <= {{ month_end "v.period" }})
  AND (v.closed_on IS NULL OR v.closed_on >= v.period)
