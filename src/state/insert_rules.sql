INSERT INTO wh.quern.rule_results
SELECT $run_id, ord, name, rows, evaluated, failed, severity, state, vacuous, seconds, message, samples FROM q_rules
