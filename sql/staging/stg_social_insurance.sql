/*
description: >
  Contributions that count a head: type 10 (normal), insured, on the insurance that the configuration counts heads by.
  Types 20 and 31-35 revise money, not heads.
grain: [period, person, uscc]
materialized: view
*/
SELECT
  s.period,
  s.person,
  s.uscc
FROM lake.social_insurance AS s
WHERE s.payment_type = '10'
  AND s.contribution_status = '1'
  AND s.insurance = {{ param "insured.insurance" }}
