/*
description: >
  Standard errors of levels and changes over strata and PSUs (ultimate clusters
  with replacement): V = Σ n/(n−1) Σ (z − mean z)² over a stratum's n PSUs, of
  which those outside the domain have z = 0. A change stacks both months under
  the same PSU ids, V = V₁ + V₂ − 2 Cov. Strata with one PSU follow the
  parameter survey.lonely_psu. se is NULL where no stratum has two PSUs;
  df = PSUs − strata that hold anybody the estimate rests on.
grain: [period, contrast, region, sex, age, pop_group, measure]
months: [-12, -1, 0]
tests:
  - unique: [period, contrast, region, sex, age, pop_group, measure]
  - not_null: [period, contrast, measure, value, df]
  - range: {column: se, min: 0}
*/
WITH fielded AS (
  SELECT DISTINCT period, contrast, then_period
  FROM core_survey_contrast
), stacked AS (
  SELECT f.period, f.contrast, d.stratum, d.psu
  FROM fielded AS f
  JOIN core_survey_design AS d ON d.period = f.period
  UNION
  SELECT f.period, f.contrast, d.stratum, d.psu
  FROM fielded AS f
  JOIN core_survey_design AS d ON d.period = f.then_period
), stratum AS (
  SELECT
    period, contrast, stratum, CAST(count(*) AS DECIMAL(38, 0)) AS n,
    -- What divides the stratum's sum of squares; NULL, and thereby left out,
    -- where the rule gives a lonely PSU no variance of its own.
    CASE
      WHEN count(*) > 1 THEN CAST(count(*) - 1 AS DOUBLE)
      WHEN {{ param "survey.lonely_psu" }} = 'adjust' THEN 1
    END AS divisor
  FROM stacked
  GROUP BY period, contrast, stratum
), design AS (
  SELECT period, contrast, count(*) AS strata, count(*) FILTER (WHERE n > 1) AS paired
  FROM stratum
  GROUP BY period, contrast
), leg AS (
  SELECT
    c.period, c.contrast, c.region, c.sex, c.age, c.pop_group, c.measure, m.stratum,
    m.s AS s1, m.ss AS ss1, 0 AS s2, 0 AS ss2, 0 AS ss12, m.psus AS filled
  FROM core_survey_contrast AS c
  JOIN core_survey_moment AS m
    ON m.period = c.period AND m.region = c.region AND m.sex = c.sex AND m.age = c.age
    AND m.pop_group = c.pop_group AND m.measure = c.measure
  UNION ALL
  SELECT
    c.period, c.contrast, c.region, c.sex, c.age, c.pop_group, c.measure, m.stratum,
    0 AS s1, 0 AS ss1, m.s AS s2, m.ss AS ss2, 0 AS ss12, m.psus AS filled
  FROM core_survey_contrast AS c
  JOIN core_survey_moment AS m
    ON m.period = c.then_period AND m.region = c.region AND m.sex = c.sex AND m.age = c.age
    AND m.pop_group = c.pop_group AND m.measure = c.measure
  UNION ALL
  -- PSUs of both months are counted once in the degrees of freedom.
  SELECT
    period, contrast, region, sex, age, pop_group, measure, stratum,
    0 AS s1, 0 AS ss1, 0 AS s2, 0 AS ss2, ss AS ss12, -psus AS filled
  FROM core_survey_overlap
), moment AS (
  SELECT
    period, contrast, region, sex, age, pop_group, measure, stratum,
    CAST(sum(s1) AS DECIMAL(38, 0)) AS s1,
    CAST(sum(ss1) AS DECIMAL(38, 0)) AS ss1,
    CAST(sum(s2) AS DECIMAL(38, 0)) AS s2,
    CAST(sum(ss2) AS DECIMAL(38, 0)) AS ss2,
    CAST(sum(ss12) AS DECIMAL(38, 0)) AS ss12,
    sum(filled) AS filled
  FROM leg
  GROUP BY period, contrast, region, sex, age, pop_group, measure, stratum
), part AS (
  -- In parts per million squared: 10⁻³⁰ × 10¹². The differences of products are
  -- taken in integers, so nothing cancels but what truly does. A lonely PSU
  -- deviates from 0, as in R's survey package: of a linearised ratio 0 is the
  -- mean over all PSUs.
  SELECT
    m.period, m.contrast, m.region, m.sex, m.age, m.pop_group, m.measure, m.filled,
    1e-18 * {{ to_double "CASE WHEN g.n > 1 THEN g.n * m.ss1 - m.s1 * m.s1 ELSE m.s1 * m.s1 END" }} / g.divisor AS v1,
    1e-18 * {{ to_double "CASE WHEN g.n > 1 THEN g.n * m.ss2 - m.s2 * m.s2 ELSE m.s2 * m.s2 END" }} / g.divisor AS v2,
    1e-18 * {{ to_double "CASE WHEN g.n > 1 THEN g.n * m.ss12 - m.s1 * m.s2 ELSE m.s1 * m.s2 END" }} / g.divisor AS v12
  FROM moment AS m
  JOIN stratum AS g
    ON g.period = m.period AND g.contrast = m.contrast AND g.stratum = m.stratum
), total AS (
  SELECT
    period, contrast, region, sex, age, pop_group, measure,
    {{ to_double "coalesce(sum(CAST(v1 AS DECIMAL(38, 18))), 0)" }} AS v1,
    {{ to_double "coalesce(sum(CAST(v2 AS DECIMAL(38, 18))), 0)" }} AS v2,
    {{ to_double "coalesce(sum(CAST(v12 AS DECIMAL(38, 18))), 0)" }} AS v12,
    {{ to_bigint "sum(filled) - count(*) FILTER (WHERE filled > 0)" }} AS df
  FROM part
  GROUP BY period, contrast, region, sex, age, pop_group, measure
)
SELECT
  t.period, t.contrast, c.then_period, t.region, t.sex, t.age, t.pop_group, t.measure, c.kind,
  c.value,
  CASE WHEN d.paired > 0 THEN
    c.scale * 1e-6 * sqrt(
      -- Lonely strata take the mean variance of the others.
      CASE {{ param "survey.lonely_psu" }} WHEN 'average' THEN {{ to_double "d.strata" }} / d.paired ELSE 1 END
      -- Rounding can leave a variance of nothing a hair below 0.
      * greatest(c.c_now * c.c_now * t.v1 + c.c_then * c.c_then * t.v2 - 2 * c.c_now * c.c_then * t.v12, 0))
  END AS se,
  t.df
FROM total AS t
JOIN core_survey_contrast AS c
  ON c.period = t.period AND c.contrast = t.contrast AND c.region = t.region AND c.sex = t.sex
  AND c.age = t.age AND c.pop_group = t.pop_group AND c.measure = t.measure
JOIN design AS d ON d.period = t.period AND d.contrast = t.contrast
