-- The source row of a record that was rejected after it could be read: an object of texts.
CREATE TABLE IF NOT EXISTS wh.quern.reject_rows (
    run_id BIGINT NOT NULL, relation VARCHAR NOT NULL, pos BIGINT NOT NULL, fields VARCHAR NOT NULL)
