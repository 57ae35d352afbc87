SELECT count(*) FILTER (severity IN ('error', 'critical')), count(*) FILTER (state = 'error') FROM q_rules
