DELETE FROM wh.quern.runs WHERE run_id = $run_id
