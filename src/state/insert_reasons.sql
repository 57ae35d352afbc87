INSERT INTO wh.quern.reasons SELECT $run_id, relation, kind, reason, records FROM q_reasons
