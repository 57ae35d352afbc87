-- One row a run of a pipeline. status: published, aborted, failed (rules), held.
-- Texts of the few rows that a run adds are not compressed: every commit would look for the best way anew, 1 ms a table.
CREATE TABLE IF NOT EXISTS wh.quern.runs (
    run_id BIGINT NOT NULL, pipeline VARCHAR NOT NULL USING COMPRESSION uncompressed,
    target VARCHAR USING COMPRESSION uncompressed, status VARCHAR NOT NULL USING COMPRESSION uncompressed,
    started_at TIMESTAMP NOT NULL, finished_at TIMESTAMP, clock TIMESTAMP, seconds DOUBLE, read BIGINT, loaded BIGINT,
    inserted BIGINT, updated BIGINT, unchanged BIGINT, superseded BIGINT, rejected BIGINT, skipped BIGINT,
    versions_opened BIGINT, versions_closed BIGINT, deleted BIGINT, exit_code INTEGER,
    plan_hash VARCHAR USING COMPRESSION uncompressed, fence BIGINT, message VARCHAR)
