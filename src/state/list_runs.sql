SELECT run_id, pipeline, target, status, started_at, seconds, read, loaded, rejected, skipped, versions_opened, message
FROM quern.runs
ORDER BY run_id DESC
LIMIT $limit
