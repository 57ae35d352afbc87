SELECT * FROM quern.runs WHERE run_id = $run_id
