DELETE FROM wh.quern.holds WHERE run_id = $run_id
