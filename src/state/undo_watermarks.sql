DELETE FROM wh.quern.watermarks WHERE run_id = $run_id
