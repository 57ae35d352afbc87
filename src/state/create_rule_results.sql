-- Texts as in create_runs.sql.
CREATE TABLE IF NOT EXISTS wh.quern.rule_results (
    run_id BIGINT NOT NULL, ord INTEGER NOT NULL, rule VARCHAR NOT NULL USING COMPRESSION uncompressed, rows BIGINT,
    evaluated BIGINT, failed BIGINT, severity VARCHAR USING COMPRESSION uncompressed,
    state VARCHAR NOT NULL USING COMPRESSION uncompressed, vacuous BOOLEAN, seconds DOUBLE, message VARCHAR,
    samples VARCHAR)
