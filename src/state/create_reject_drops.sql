-- Why rejected records were given up.
CREATE TABLE IF NOT EXISTS wh.quern.reject_drops (
    run_id BIGINT NOT NULL, relation VARCHAR NOT NULL, pos BIGINT NOT NULL, dropped_at TIMESTAMP NOT NULL,
    dropped_by VARCHAR NOT NULL, because VARCHAR)
