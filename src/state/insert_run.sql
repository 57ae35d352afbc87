INSERT INTO wh.quern.runs
VALUES ($run_id, $pipeline, $target, $status, $started_at, $finished_at, $clock, $seconds, $read, $loaded, $inserted,
        $updated, $unchanged, $superseded, $rejected, $skipped, $opened, $closed, $deleted, $exit_code, $plan_hash,
        $fence, $message)
