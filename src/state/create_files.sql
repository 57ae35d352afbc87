-- The files that a run read. file_no and byte offset make the position of a record (_q_pos).
-- Texts as in create_runs.sql.
CREATE TABLE IF NOT EXISTS wh.quern.files (
    run_id BIGINT NOT NULL, relation VARCHAR NOT NULL USING COMPRESSION uncompressed, file_no INTEGER NOT NULL,
    path VARCHAR NOT NULL USING COMPRESSION uncompressed, size BIGINT, records BIGINT, rejected BIGINT,
    detected VARCHAR USING COMPRESSION uncompressed)
