/*
description: >
  The region and industry cells that an employer is counted in: the city and its region, by all industries; the city by
  section, division and key industry; its region by section. Key industries overlap, so cells are never added up. An
  employer missing from the register has no row: LEFT JOIN, and it counts in the city's total alone.
grain: [period, uscc, region, industry]
materialized: view
*/
SELECT e.period, e.uscc, '_T' AS region, '_T' AS industry
FROM core_enterprise AS e
UNION ALL
SELECT e.period, e.uscc, e.region, '_T' AS industry
FROM core_enterprise AS e
WHERE e.region IS NOT NULL
UNION ALL
SELECT e.period, e.uscc, '_T' AS region, e.section AS industry
FROM core_enterprise AS e
WHERE e.section IS NOT NULL
UNION ALL
SELECT e.period, e.uscc, '_T' AS region, e.division AS industry
FROM core_enterprise AS e
WHERE e.division IS NOT NULL
UNION ALL
SELECT e.period, e.uscc, '_T' AS region, g.code AS industry
FROM core_enterprise AS e
JOIN cfg_industry_group AS g ON g.division = e.division
UNION ALL
SELECT e.period, e.uscc, e.region, e.section AS industry
FROM core_enterprise AS e
WHERE e.region IS NOT NULL AND e.section IS NOT NULL
