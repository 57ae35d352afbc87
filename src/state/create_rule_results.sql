CREATE TABLE IF NOT EXISTS wh.quern.rule_results (
    run_id BIGINT NOT NULL, ord INTEGER NOT NULL, rule VARCHAR NOT NULL, rows BIGINT, evaluated BIGINT, failed BIGINT,
    severity VARCHAR, state VARCHAR NOT NULL, vacuous BOOLEAN, seconds DOUBLE, message VARCHAR, samples VARCHAR)
