SELECT name, severity, state, message, samples, rows, evaluated, failed, vacuous FROM q_rules ORDER BY ord
