/*
description: >
  Heads counted too often when employers of a cell are added up, because some persons are insured by several of them.
  Distinct heads of a cell = its employers' heads less this. Few persons have two employers, so this is far cheaper
  than counting distinct persons in every cell.
grain: [period, region, industry]
tests:
  - unique: [period, region, industry]
  - range: {column: extra_heads, min: 1}
*/
WITH several AS (
  SELECT s.period, s.person
  FROM stg_social_insurance AS s
  GROUP BY s.period, s.person
  HAVING min(s.uscc) <> max(s.uscc)
),
jobs AS (
  SELECT DISTINCT s.period, s.person, s.uscc
  FROM stg_social_insurance AS s
  JOIN several AS m ON m.period = s.period AND m.person = s.person
),
counted AS (
  SELECT
    j.period,
    coalesce(c.region, '_T') AS region,
    coalesce(c.industry, '_T') AS industry,
    j.person,
    count(*) - 1 AS extra
  FROM jobs AS j
  LEFT JOIN core_cell AS c ON c.period = j.period AND c.uscc = j.uscc
  GROUP BY j.period, coalesce(c.region, '_T'), coalesce(c.industry, '_T'), j.person
  HAVING count(*) > 1
)
SELECT
  c.period,
  c.region,
  c.industry,
  {{ to_bigint "sum(c.extra)" }} AS extra_heads
FROM counted AS c
GROUP BY c.period, c.region, c.industry
