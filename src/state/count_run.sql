SELECT count(*) FROM quern.runs WHERE run_id = $run_id
