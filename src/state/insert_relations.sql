INSERT INTO wh.quern.relations SELECT $run_id, relation, read, loaded, rejected, skipped, read = 0 FROM q_relations
