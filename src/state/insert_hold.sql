INSERT INTO wh.quern.holds VALUES ($run_id, $pipeline, $digest)
