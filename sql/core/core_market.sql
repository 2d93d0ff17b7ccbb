/*
description: >
  Openings (posted places open at some time in the month: carried over plus new) and seekers (distinct persons, likewise)
  by region, and for the city by section, division and key industry. Seekers who name no industry are spread over the
  industries in proportion to those who do: seekers = stated * all / all who state one, kept as a fraction of integers
  (seekers_num / seekers_den), never as rounded heads. A side whose file is missing that month
  is NULL, not zero.
grain: [period, region, industry]
tests:
  - unique: [period, region, industry]
  - not_null: [period, region, industry]
*/
WITH codes AS (
  SELECT i.code AS division, i.code FROM cfg_industry AS i
  UNION
  SELECT i.code, i.section FROM cfg_industry AS i
  UNION
  SELECT g.division, g.code FROM cfg_industry_group AS g
),
openings AS (
  SELECT v.period, '_T' AS region, '_T' AS industry, sum(v.openings) AS openings, count(*) AS postings
  FROM stg_job_vacancy AS v
  GROUP BY v.period
  UNION ALL
  SELECT v.period, v.region, '_T', sum(v.openings), count(*)
  FROM stg_job_vacancy AS v
  WHERE v.region IS NOT NULL
  GROUP BY v.period, v.region
  UNION ALL
  SELECT v.period, '_T', c.code, sum(v.openings), count(*)
  FROM stg_job_vacancy AS v
  JOIN codes AS c ON c.division = v.division
  GROUP BY v.period, c.code
),
everyone AS (
  SELECT
    s.period,
    count(DISTINCT s.person) AS seekers,
    count(DISTINCT CASE WHEN s.division IS NOT NULL THEN s.person END) AS stated
  FROM stg_job_seeker AS s
  GROUP BY s.period
),
seekers AS (
  SELECT e.period, '_T' AS region, '_T' AS industry, e.seekers AS num, 1 AS den, e.seekers AS heads
  FROM everyone AS e
  UNION ALL
  SELECT s.period, s.region, '_T', count(DISTINCT s.person), 1, count(DISTINCT s.person)
  FROM stg_job_seeker AS s
  WHERE s.region IS NOT NULL
  GROUP BY s.period, s.region
  UNION ALL
  SELECT s.period, '_T', c.code, count(DISTINCT s.person) * e.seekers, e.stated, count(DISTINCT s.person)
  FROM stg_job_seeker AS s
  JOIN codes AS c ON c.division = s.division
  JOIN everyone AS e ON e.period = s.period
  GROUP BY s.period, c.code, e.seekers, e.stated
),
cells AS (
  SELECT
    coalesce(o.period, s.period) AS period,
    coalesce(o.region, s.region) AS region,
    coalesce(o.industry, s.industry) AS industry,
    o.openings,
    o.postings,
    s.num,
    s.den,
    s.heads
  FROM openings AS o
  FULL JOIN seekers AS s
    ON s.period = o.period AND s.region = o.region AND s.industry = o.industry
)
SELECT
  c.period,
  c.region,
  c.industry,
  CASE WHEN p.period IS NOT NULL THEN {{ to_bigint "coalesce(c.openings, 0)" }} END AS openings,
  CASE WHEN p.period IS NOT NULL THEN {{ to_bigint "coalesce(c.postings, 0)" }} END AS postings,
  CASE WHEN e.period IS NOT NULL THEN {{ to_bigint "coalesce(c.num, 0)" }} END AS seekers_num,
  CASE WHEN e.period IS NOT NULL THEN {{ to_bigint "coalesce(c.den, 1)" }} END AS seekers_den,
  CASE WHEN e.period IS NOT NULL THEN {{ to_bigint "coalesce(c.heads, 0)" }} END AS seekers_stated
FROM cells AS c
LEFT JOIN (SELECT DISTINCT v.period FROM stg_job_vacancy AS v) AS p ON p.period = c.period
LEFT JOIN everyone AS e ON e.period = c.period
