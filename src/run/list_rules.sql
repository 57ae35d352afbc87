SELECT name, severity, state, message, samples, rows, evaluated, failed, vacuous, removes FROM q_rules ORDER BY ord
