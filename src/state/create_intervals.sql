-- What runs have read, half-open. A run that read everything anew replaces the intervals before it.
CREATE TABLE IF NOT EXISTS wh.quern.intervals (
    run_id BIGINT NOT NULL, pipeline VARCHAR NOT NULL, source VARCHAR NOT NULL, cursor_column VARCHAR NOT NULL,
    type VARCHAR NOT NULL, lo VARCHAR NOT NULL, hi VARCHAR NOT NULL, replaced_by BIGINT)
