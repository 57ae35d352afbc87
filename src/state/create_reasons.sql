-- Why records were rejected or skipped; the counts of a relation and kind add up.
-- Texts as in create_runs.sql.
CREATE TABLE IF NOT EXISTS wh.quern.reasons (
    run_id BIGINT NOT NULL, relation VARCHAR NOT NULL USING COMPRESSION uncompressed,
    kind VARCHAR NOT NULL USING COMPRESSION uncompressed, reason VARCHAR NOT NULL USING COMPRESSION uncompressed,
    records BIGINT NOT NULL)
