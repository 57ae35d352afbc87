INSERT INTO q_run VALUES ($run_id, $clock)
