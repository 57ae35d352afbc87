DELETE FROM wh.quern.intervals WHERE run_id = $run_id AND hi <> lo
