SELECT name AS rule, rows, evaluated, failed,
       CASE WHEN state = 'error' THEN 'not evaluated' ELSE coalesce(severity, 'passed') END AS verdict,
       coalesce(message, CASE WHEN vacuous THEN 'vacuous: there is no row' END) AS note, samples
FROM q_rules
ORDER BY ord
