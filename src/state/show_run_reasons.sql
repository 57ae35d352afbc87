SELECT relation, kind, reason, records FROM quern.reasons WHERE run_id = $run_id ORDER BY relation, kind, records DESC, reason
