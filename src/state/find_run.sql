SELECT run_id, started_at, clock, pipeline, target, plan_hash, status FROM wh.quern.runs WHERE run_id = $run_id
