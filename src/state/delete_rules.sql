DELETE FROM wh.quern.rule_results WHERE run_id = $run_id
