-- A record counts under its first reason, in the order in which rules are declared; rules are known by name.
CREATE TABLE q_reasons AS
SELECT relation, 'rejected' AS kind, reason, count(*) AS records
FROM (SELECT relation, pos,
             arg_min(CASE WHEN ord >= 10000 AND ord < 100000 THEN rule ELSE reason END,
                     (ord, coalesce(col, ''), reason)) AS reason
      FROM q_told
      GROUP BY relation, pos)
GROUP BY relation, reason
UNION ALL
SELECT relation, 'skipped', reason, count(*) FROM q_skips WHERE reason <> 'superseded' GROUP BY relation, reason
UNION ALL
SELECT relation, 'skipped', reason, sum(records)::BIGINT FROM q_skipped WHERE records > 0 GROUP BY relation, reason
