/*
description: Payments that count.
grain: [period, person, uscc]
materialized: view
*/
SELECT p.period, p.person, p.uscc, p.fen
FROM lake.pay AS p
WHERE p.fen > 0
