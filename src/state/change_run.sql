UPDATE wh.quern.runs SET status = $status, finished_at = $at, message = coalesce($message, message)
WHERE run_id = $run_id AND status = $was
