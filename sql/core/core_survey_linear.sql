/*
description: >
  Taylor linearisation of every survey indicator: what one PSU adds to the
  estimate's relative deviation, u = num/Σnum − den/Σden (of a total num/Σnum),
  × 10¹⁵ and rounded to an integer. An estimate's standard error is its value
  times the standard error of Σu. Integers make the variances exact in any
  order of summation; the rounding is 10⁻¹⁵ of the estimate.
grain: [period, region, sex, age, pop_group, measure, stratum, psu]
tests:
  - not_null: [period, measure, stratum, psu, u]
*/
SELECT
  m.period, m.region, m.sex, m.age, m.pop_group, m.measure, m.stratum, m.psu,
  CASE
    -- Nobody counted: the estimate is 0 and no PSU deviates from it.
    WHEN e.num = 0 THEN 0
    WHEN m.kind = 'total' THEN {{ to_bigint "round(1e15 * (CAST(m.num AS DOUBLE) / e.num))" }}
    ELSE {{ to_bigint "round(1e15 * (CAST(m.num AS DOUBLE) / e.num - CAST(m.den AS DOUBLE) / e.den))" }}
  END AS u,
  -- Whether the PSU holds anybody the estimate rests on: degrees of freedom.
  CASE WHEN m.n_den > 0 THEN 1 ELSE 0 END AS filled
FROM core_survey_measure AS m
JOIN core_survey_estimate AS e
  ON e.period = m.period AND e.region = m.region AND e.sex = m.sex AND e.age = m.age
  AND e.pop_group = m.pop_group AND e.measure = m.measure
