SELECT count(*) FILTER (severity IN ('error', 'critical')), count(*) FILTER (state = 'error'),
       min(name) FILTER (severity IN ('error', 'critical')), min(name) FILTER (state = 'error')
FROM q_rules
