/*
description: Heads of all firms in the months from one before to two after, to show windows.
grain: [period]
window: [-1, 2]
*/
SELECT h.period, {{ to_bigint "sum(o.heads)" }} AS heads, count(DISTINCT o.period) AS months
FROM (SELECT DISTINCT period FROM core_heads) AS h
JOIN core_heads AS o
  ON o.period >= {{ add_months "h.period" -1 }} AND o.period <= {{ add_months "h.period" 2 }}
GROUP BY h.period
