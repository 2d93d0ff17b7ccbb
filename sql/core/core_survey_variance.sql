/*
description: >
  Standard errors of levels and changes over strata and PSUs (ultimate clusters
  with replacement): V = Σ n/(n−1) Σ (z − mean z)² over a stratum's n PSUs, of
  which those outside the domain have z = 0. A change stacks both months under
  the same PSU ids, V = V₁ + V₂ − 2 Cov. Strata with one PSU follow the
  parameter survey.lonely_psu. se is NULL where no stratum has two PSUs;
  df = PSUs − strata that hold anybody the estimate rests on.
grain: [period, contrast, region, sex, age, pop_group, measure]
window: [-12, 0]
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
  SELECT period, contrast, stratum, CAST(count(*) AS DECIMAL(38, 0)) AS n
  FROM stacked
  GROUP BY period, contrast, stratum
), design AS (
  SELECT period, contrast, count(*) AS strata, count(*) FILTER (WHERE n > 1) AS paired
  FROM stratum
  GROUP BY period, contrast
), leg AS (
  SELECT
    c.period, c.contrast, c.region, c.sex, c.age, c.pop_group, c.measure, m.stratum,
    m.s AS s1, m.ss AS ss1, 0 AS s2, 0 AS ss2, 0 AS ss12, m.filled
  FROM core_survey_contrast AS c
  JOIN core_survey_moment AS m
    ON m.period = c.period AND m.region = c.region AND m.sex = c.sex AND m.age = c.age
    AND m.pop_group = c.pop_group AND m.measure = c.measure
  UNION ALL
  SELECT
    c.period, c.contrast, c.region, c.sex, c.age, c.pop_group, c.measure, m.stratum,
    0 AS s1, 0 AS ss1, m.s AS s2, m.ss AS ss2, 0 AS ss12, m.filled
  FROM core_survey_contrast AS c
  JOIN core_survey_moment AS m
    ON m.period = c.then_period AND m.region = c.region AND m.sex = c.sex AND m.age = c.age
    AND m.pop_group = c.pop_group AND m.measure = c.measure
  UNION ALL
  -- PSUs of both months are counted once in the degrees of freedom.
  SELECT
    period, contrast, region, sex, age, pop_group, measure, stratum,
    0 AS s1, 0 AS ss1, 0 AS s2, 0 AS ss2, ss AS ss12, -filled AS filled
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
  SELECT
    m.period, m.contrast, m.region, m.sex, m.age, m.pop_group, m.measure, m.filled,
    c.kind, c.value, c.scale,
    -- In parts per million squared: 10⁻³⁰ × 10¹². The differences of products
    -- are taken in integers, so nothing cancels but what truly does.
    1e-18 * CASE
      WHEN g.n > 1 THEN (
        c.c_now * c.c_now * {{ to_double "g.n * m.ss1 - m.s1 * m.s1" }}
        + c.c_then * c.c_then * {{ to_double "g.n * m.ss2 - m.s2 * m.s2" }}
        - 2 * c.c_now * c.c_then * {{ to_double "g.n * m.ss12 - m.s1 * m.s2" }}
      ) / {{ to_double "g.n - 1" }}
      -- The deviation is from 0, as in R's survey package: of a linearised
      -- ratio 0 is the mean over all PSUs.
      WHEN {{ param "survey.lonely_psu" }} = 'adjust'
        THEN power(c.c_now * {{ to_double "m.s1" }} - c.c_then * {{ to_double "m.s2" }}, 2)
      ELSE 0
    END AS v
  FROM moment AS m
  JOIN core_survey_contrast AS c
    ON c.period = m.period AND c.contrast = m.contrast AND c.region = m.region AND c.sex = m.sex
    AND c.age = m.age AND c.pop_group = m.pop_group AND c.measure = m.measure
  JOIN stratum AS g
    ON g.period = m.period AND g.contrast = m.contrast AND g.stratum = m.stratum
), total AS (
  SELECT
    period, contrast, region, sex, age, pop_group, measure, kind, value, scale,
    -- Rounding can leave a variance of nothing a hair below 0.
    greatest({{ to_double "sum(CAST(v AS DECIMAL(38, 18)))" }}, 0) AS v,
    {{ to_bigint "sum(filled) - count(*) FILTER (WHERE filled > 0)" }} AS df
  FROM part
  GROUP BY period, contrast, region, sex, age, pop_group, measure, kind, value, scale
)
SELECT
  t.period, t.contrast, f.then_period, t.region, t.sex, t.age, t.pop_group, t.measure, t.kind,
  t.value,
  CASE
    WHEN d.paired = 0 THEN NULL
    -- Lonely strata take the mean variance of the others.
    WHEN {{ param "survey.lonely_psu" }} = 'average'
      THEN t.scale * 1e-6 * sqrt(t.v * d.strata / d.paired)
    ELSE t.scale * 1e-6 * sqrt(t.v)
  END AS se,
  t.df
FROM total AS t
JOIN fielded AS f ON f.period = t.period AND f.contrast = t.contrast
JOIN design AS d ON d.period = t.period AND d.contrast = t.contrast
