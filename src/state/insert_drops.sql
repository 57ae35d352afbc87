INSERT INTO wh.quern.reject_drops
SELECT run_id, relation, pos, $at, $by, $because
FROM wh.quern.rejects
WHERE status = 'open' AND ($run_id IS NULL OR run_id = $run_id) AND ($record_no IS NULL OR record_no = $record_no)
  AND ($pos IS NULL OR pos = $pos) AND ($relation IS NULL OR relation = $relation)
  AND ($file IS NULL OR file = $file) AND ($pipeline IS NULL OR pipeline = $pipeline)
GROUP BY run_id, relation, pos
HAVING $reason IS NULL OR bool_or(reason = $reason OR rule = $reason)
