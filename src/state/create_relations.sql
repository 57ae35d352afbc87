-- One row a source relation of a run: read = loaded + rejected + skipped.
-- Texts as in create_runs.sql.
CREATE TABLE IF NOT EXISTS wh.quern.relations (
    run_id BIGINT NOT NULL, relation VARCHAR NOT NULL USING COMPRESSION uncompressed, read BIGINT NOT NULL,
    loaded BIGINT NOT NULL, rejected BIGINT NOT NULL, skipped BIGINT NOT NULL, vacuous BOOLEAN NOT NULL)
