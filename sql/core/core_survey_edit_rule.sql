/*
description: >
  The survey's consistency edits (审核规则): each a rule that an answer breaks or
  keeps. error is what cannot be, warning what should be looked at. Their
  conditions stand in core_survey_edit, their names in the catalog under
  pop_group. An edit is reported and changes nothing.
grain: [edit]
tests:
  - unique: [edit]
  - accepted: {column: severity, values: [error, warning]}
*/
SELECT edit, severity
FROM (VALUES
  ('EDIT_CHILD_WORKS', 'warning'),
  ('EDIT_HOURS_NO_JOB', 'error'),
  ('EDIT_JOB_NO_HOURS', 'warning'),
  ('EDIT_UNDER_ONE_HOUR', 'error'),
  ('EDIT_SEEKS_NO_HOURS', 'warning'),
  ('EDIT_LONG_HOURS', 'warning'),
  ('EDIT_AGE_EDUCATION', 'error'),
  ('EDIT_OLD_STUDENT', 'warning'),
  ('EDIT_NO_AGE', 'warning'),
  ('EDIT_MONTHS_NOT_UNEMPLOYED', 'warning'),
  ('EDIT_MONTHS_TOO_LONG', 'error'),
  ('EDIT_UNEMPLOYED_NO_SEARCH', 'warning'),
  ('EDIT_STATUS_DIFFERS', 'warning'),
  ('EDIT_WORKED_AND_ABSENT', 'error'),
  ('EDIT_WAGE_NO_JOB', 'warning'),
  ('EDIT_ABSENCE_DIFFERS', 'warning'),
  ('EDIT_SEARCH_DIFFERS', 'warning'),
  ('EDIT_START_DIFFERS', 'warning'),
  ('EDIT_NO_ANSWERS', 'error'),
  ('EDIT_NO_WEIGHT', 'error'),
  ('EDIT_SAME_PERSON', 'error'),
  ('EDIT_REFUSAL_ANSWERS', 'error')
) AS rule(edit, severity)
