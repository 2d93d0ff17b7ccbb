/*
description: Employers on the register of a month, with the GB/T 4754 division and section of their industry code.
grain: [period, uscc]
materialized: view
*/
SELECT
  e.period,
  e.uscc,
  e.name,
  e.region,
  e.town,
  i.code AS division,
  i.section,
  e.ownership,
  e.size,
  e.status,
  e.parent
FROM lake.enterprise AS e
LEFT JOIN cfg_industry AS i ON i.code = substr(e.industry, 1, 2)
