SELECT relation, read, loaded, rejected, skipped FROM quern.relations WHERE run_id = $run_id ORDER BY relation
