DELETE FROM wh.quern.reasons WHERE run_id = $run_id
