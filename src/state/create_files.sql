-- The files that a run read. file_no and byte offset make the position of a record (_q_pos).
CREATE TABLE IF NOT EXISTS wh.quern.files (
    run_id BIGINT NOT NULL, relation VARCHAR NOT NULL, file_no INTEGER NOT NULL, path VARCHAR NOT NULL, size BIGINT,
    records BIGINT, rejected BIGINT, detected VARCHAR)
