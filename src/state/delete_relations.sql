DELETE FROM wh.quern.relations WHERE run_id = $run_id
