UPDATE wh.quern.rejects SET status = 'dropped' WHERE run_id = $run_id AND status = 'open'
