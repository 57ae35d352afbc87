UPDATE wh.quern.intervals SET replaced_by = NULL WHERE replaced_by = $run_id
