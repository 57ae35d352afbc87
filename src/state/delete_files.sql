DELETE FROM wh.quern.files WHERE run_id = $run_id
