SELECT rule, rows, evaluated, failed, coalesce(severity, 'passed') AS verdict, state, samples
FROM quern.rule_results
WHERE run_id = $run_id
ORDER BY ord
