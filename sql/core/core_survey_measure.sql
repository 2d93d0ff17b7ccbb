/*
description: >
  Every survey indicator of every PSU and domain as one numerator and one
  denominator, so that rates, means and totals go through one estimation. A
  total takes its base from the labor force and is not divided by it. Numerators
  and denominators are persons × 10⁶, of hours numerators hours × 10⁹.
grain: [period, region, sex, age, pop_group, measure, stratum, psu]
materialized: view
*/
SELECT
  p.period, p.region, p.sex, p.age, p.pop_group, m.measure, p.stratum, p.psu, m.kind,
  CASE m.num WHEN 'U' THEN p.u_e6 WHEN 'E' THEN p.e_e6 WHEN 'LF' THEN p.lf_e6 ELSE p.hours_e9 END AS num,
  CASE m.num WHEN 'U' THEN p.n_u WHEN 'E' THEN p.n_e WHEN 'LF' THEN p.n_lf ELSE p.n_h END AS n_num,
  CASE m.den WHEN 'LF' THEN p.lf_e6 WHEN 'POP' THEN p.pop_e6 ELSE p.h_e6 END AS den,
  -- The persons an estimate rests on: of a total, the labor force.
  CASE m.den WHEN 'LF' THEN p.n_lf WHEN 'POP' THEN p.n_pop ELSE p.n_h END AS n_den
FROM core_survey_psu AS p
CROSS JOIN (VALUES
  ('surveyed_unemployment_rate', 'ratio', 'U', 'LF'),
  ('labor_force_participation_rate', 'ratio', 'LF', 'POP'),
  ('employment_rate', 'ratio', 'E', 'POP'),
  ('mean_weekly_hours', 'mean', 'H', 'H'),
  ('surveyed_employed', 'total', 'E', 'LF'),
  ('surveyed_unemployed', 'total', 'U', 'LF'),
  ('surveyed_labor_force', 'total', 'LF', 'LF')
) AS m(measure, kind, num, den)
