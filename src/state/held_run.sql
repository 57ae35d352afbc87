SELECT max(run_id) FROM wh.quern.holds WHERE pipeline = $pipeline
