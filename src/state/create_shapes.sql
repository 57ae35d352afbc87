-- How the raw records of a file are read alone: its delimiter and the names of its header.
CREATE TABLE IF NOT EXISTS wh.quern.shapes (
    run_id BIGINT NOT NULL, relation VARCHAR NOT NULL, file_no INTEGER NOT NULL, shape VARCHAR)
