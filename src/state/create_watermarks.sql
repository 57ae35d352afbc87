-- How far a run has read a source: the newest run's row counts. value is the exact text of a value of the type.
CREATE TABLE IF NOT EXISTS wh.quern.watermarks (
    run_id BIGINT NOT NULL, pipeline VARCHAR NOT NULL, source VARCHAR NOT NULL, cursor_column VARCHAR NOT NULL,
    type VARCHAR NOT NULL, value VARCHAR NOT NULL, previous VARCHAR)
