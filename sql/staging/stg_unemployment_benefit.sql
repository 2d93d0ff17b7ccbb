/*
description: Unemployment benefits paid (失业保险金), as loaded; negative amounts take back what was paid too much.
grain: [period, person, kind, amount_fen]
materialized: view
*/
SELECT
  {{ month_of "period" }} AS period,
  person,
  kind,
  amount_fen,
  region
FROM lake.unemployment_benefit
