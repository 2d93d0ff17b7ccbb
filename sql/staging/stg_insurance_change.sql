/*
description: >
  Enrolments and terminations with the group of their reason: involuntary (not the worker's will), voluntary, other.
  A change belongs to the month of its date, whatever file reported it.
grain: [period, person, uscc, change_date, change, reason]
materialized: view
*/
SELECT
  c.period,
  c.person,
  c.uscc,
  c.change_date,
  c.change,
  c.reason,
  CASE
    WHEN c.change = 'in' THEN 'enrolment'
    WHEN c.reason IN (
      'contract_expired', 'bankruptcy', 'closure', 'dismissal_fault', 'dismissal_notice',
      'redundancy', 'dismissed', 'employer_proposed', 'resigned_for_cause'
    ) THEN 'involuntary'
    WHEN c.reason IN ('retirement', 'death', 'resigned') THEN 'voluntary'
    ELSE 'other'
  END AS reason_group
FROM lake.insurance_change AS c
