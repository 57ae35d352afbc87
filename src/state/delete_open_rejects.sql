DELETE FROM wh.quern.rejects WHERE run_id = $run_id AND status = 'open'
