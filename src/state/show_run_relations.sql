SELECT relation, read, loaded, rejected, skipped FROM wh.quern.relations WHERE run_id = $run_id ORDER BY relation
