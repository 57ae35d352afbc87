UPDATE wh.quern.rejects SET status = 'undone' WHERE run_id = $run_id AND status = 'open'
