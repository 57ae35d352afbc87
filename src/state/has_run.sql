SELECT count(*) FROM wh.quern.runs WHERE run_id = $run_id
