SELECT run_id, pipeline, relation, file, record_no, nullif(line, 0) AS line, col, rule, reason, value, detail, status
FROM quern.rejects
WHERE ($run_id IS NULL OR run_id = $run_id) AND ($pipeline IS NULL OR pipeline = $pipeline)
  AND ($reason IS NULL OR reason = $reason OR rule = $reason) AND ($status IS NULL OR status = $status)
  AND ($col IS NULL OR col = $col)
ORDER BY run_id DESC, pipeline, relation, pos, ord, col
LIMIT $limit
