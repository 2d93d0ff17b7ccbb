/*
description: >
  Standard errors of levels and changes over strata and PSUs (ultimate clusters
  with replacement): V = Σ n/(n−1) Σ (z − mean z)² over a stratum's n PSUs, of which those
  outside the domain have z = 0. A change stacks both months under the same PSU
  ids, so that the overlap of the samples takes its covariance off. Strata with
  one PSU follow the parameter survey.lonely_psu. se is NULL where no
  stratum has two PSUs; df = PSUs − strata that hold anybody the estimate rests on.
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
  SELECT period, contrast, stratum, {{ to_bigint "count(*)" }} AS psus
  FROM stacked
  GROUP BY period, contrast, stratum
), design AS (
  SELECT period, contrast, count(*) AS strata, count(*) FILTER (WHERE psus > 1) AS paired
  FROM stratum
  GROUP BY period, contrast
), level AS (
  SELECT
    period, 'level' AS contrast, region, sex, age, pop_group, measure, stratum, psu,
    CAST(u AS DECIMAL(38, 0)) AS z, filled
  FROM core_survey_linear
), leg AS (
  SELECT
    c.period, c.contrast, c.region, c.sex, c.age, c.pop_group, c.measure, l.stratum, l.psu,
    c.c_now * l.u AS z_now, CAST(NULL AS DOUBLE) AS z_then, l.filled
  FROM core_survey_contrast AS c
  JOIN core_survey_linear AS l
    ON l.period = c.period AND l.region = c.region AND l.sex = c.sex AND l.age = c.age
    AND l.pop_group = c.pop_group AND l.measure = c.measure
  WHERE c.contrast <> 'level'
  UNION ALL
  SELECT
    c.period, c.contrast, c.region, c.sex, c.age, c.pop_group, c.measure, l.stratum, l.psu,
    CAST(NULL AS DOUBLE) AS z_now, c.c_then * l.u AS z_then, l.filled
  FROM core_survey_contrast AS c
  JOIN core_survey_linear AS l
    ON l.period = c.then_period AND l.region = c.region AND l.sex = c.sex AND l.age = c.age
    AND l.pop_group = c.pop_group AND l.measure = c.measure
  WHERE c.contrast <> 'level'
), change AS (
  -- At most one row of each month per PSU: max picks it, whatever the order.
  SELECT
    period, contrast, region, sex, age, pop_group, measure, stratum, psu,
    CAST(round(coalesce(max(z_now), 0) - coalesce(max(z_then), 0)) AS DECIMAL(38, 0)) AS z,
    max(filled) AS filled
  FROM leg
  GROUP BY period, contrast, region, sex, age, pop_group, measure, stratum, psu
), moment AS (
  SELECT
    period, contrast, region, sex, age, pop_group, measure, stratum,
    CAST(sum(z) AS DECIMAL(38, 0)) AS z1,
    CAST(sum(z * z) AS DECIMAL(38, 0)) AS z2,
    {{ to_bigint "sum(filled)" }} AS filled
  FROM (SELECT * FROM level UNION ALL SELECT * FROM change) AS contribution
  GROUP BY period, contrast, region, sex, age, pop_group, measure, stratum
), part AS (
  SELECT
    m.period, m.contrast, m.region, m.sex, m.age, m.pop_group, m.measure, m.filled,
    -- In parts per million squared: 10⁻³⁰ × 10¹².
    1e-18 * CASE
      WHEN s.psus > 1
        THEN CAST(CAST(s.psus AS DECIMAL(38, 0)) * m.z2 - m.z1 * m.z1 AS DOUBLE) / (s.psus - 1)
      -- Deviation from 0, as R's survey package has it: of a linearised ratio
      -- 0 is the mean over all PSUs.
      WHEN {{ param "survey.lonely_psu" }} = 'adjust' THEN CAST(m.z1 * m.z1 AS DOUBLE)
      ELSE 0
    END AS v
  FROM moment AS m
  JOIN stratum AS s
    ON s.period = m.period AND s.contrast = m.contrast AND s.stratum = m.stratum
), total AS (
  SELECT
    period, contrast, region, sex, age, pop_group, measure,
    {{ to_double "sum(CAST(v AS DECIMAL(38, 18)))" }} AS v,
    {{ to_bigint "sum(filled) - count(*) FILTER (WHERE filled > 0)" }} AS df
  FROM part
  GROUP BY period, contrast, region, sex, age, pop_group, measure
)
SELECT
  t.period, t.contrast, c.then_period, t.region, t.sex, t.age, t.pop_group, t.measure, c.kind,
  c.value,
  CASE
    WHEN d.paired = 0 THEN NULL
    -- Lonely strata take the mean variance of the others.
    WHEN {{ param "survey.lonely_psu" }} = 'average'
      THEN c.scale * 1e-6 * sqrt(t.v * d.strata / d.paired)
    ELSE c.scale * 1e-6 * sqrt(t.v)
  END AS se,
  t.df
FROM total AS t
JOIN core_survey_contrast AS c
  ON c.period = t.period AND c.contrast = t.contrast AND c.region = t.region AND c.sex = t.sex
  AND c.age = t.age AND c.pop_group = t.pop_group AND c.measure = t.measure
JOIN design AS d ON d.period = t.period AND d.contrast = t.contrast
