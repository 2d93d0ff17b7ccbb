/*
description: >
  The city's surveyed unemployment rate seasonally adjusted, its trend, and the charts of early warning over it: Sahm's
  indicator, EWMA and CUSUM of the pre-whitened rate. Every month is adjusted with all months that there are, so a new
  month revises them all; the months without a break that end with the newest one are used, and fewer than
  seasonal.min_months of them give no rows. The errors of
  changes tell how the samples of two months correlate.
grain: [period]
window: [-600, 600]
computed: season
tests:
  - unique: [period]
  - not_null: [period, method, adjusted, trend]
*/
SELECT
  period, contrast, value, se
FROM core_survey_estimate
WHERE measure = 'surveyed_unemployment_rate' AND contrast IN ('level', 'mom', 'yoy')
  AND region = '_T' AND sex = '_T' AND age = '_T' AND pop_group = '_T'
ORDER BY period, contrast
