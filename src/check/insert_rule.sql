INSERT INTO q_rules (ord, name, rows, evaluated, failed, severity, state, vacuous, seconds, message, samples, removes)
VALUES ($ord, $name, $rows, $evaluated, $failed, $severity, $state, $vacuous, $seconds, $message, $samples, $removes)
