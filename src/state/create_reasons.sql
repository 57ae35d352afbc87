-- Why records were rejected or skipped; the counts of a relation and kind add up.
CREATE TABLE IF NOT EXISTS wh.quern.reasons (
    run_id BIGINT NOT NULL, relation VARCHAR NOT NULL, kind VARCHAR NOT NULL, reason VARCHAR NOT NULL,
    records BIGINT NOT NULL)
