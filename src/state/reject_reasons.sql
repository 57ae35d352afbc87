-- Reasons over time: a record counts under its first reason, as in the accounts of its run.
WITH firsts AS (
    SELECT run_id, relation, pos, any_value(pipeline) AS pipeline, any_value(status) AS status,
           arg_min(CASE WHEN ord >= 10000 AND ord < 100000 THEN rule ELSE reason END,
                   (ord, coalesce(col, ''), reason)) AS reason
    FROM quern.rejects
    WHERE $pipeline IS NULL OR pipeline = $pipeline
    GROUP BY run_id, relation, pos)
SELECT CAST(u.started_at AS DATE) AS day, f.pipeline, f.relation, f.reason, count(*) AS records,
       count(*) FILTER (f.status = 'open') AS open, min(f.run_id) AS first_run, max(f.run_id) AS last_run
FROM firsts AS f
JOIN quern.runs AS u ON u.run_id = f.run_id
WHERE $since IS NULL OR u.started_at >= $since
GROUP BY day, f.pipeline, f.relation, f.reason
ORDER BY day DESC, f.pipeline, f.relation, records DESC, f.reason
