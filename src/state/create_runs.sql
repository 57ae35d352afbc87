-- One row a run of a pipeline. status: published, aborted, failed (rules), held.
CREATE TABLE IF NOT EXISTS wh.quern.runs (
    run_id BIGINT NOT NULL, pipeline VARCHAR NOT NULL, target VARCHAR, status VARCHAR NOT NULL,
    started_at TIMESTAMP NOT NULL, finished_at TIMESTAMP, clock TIMESTAMP, seconds DOUBLE,
    read BIGINT, loaded BIGINT, inserted BIGINT, updated BIGINT, unchanged BIGINT, superseded BIGINT,
    rejected BIGINT, skipped BIGINT, versions_opened BIGINT, versions_closed BIGINT, deleted BIGINT,
    exit_code INTEGER, plan_hash VARCHAR, fence BIGINT, message VARCHAR)
