-- What a replay takes: see run/replay.c.
CREATE SCHEMA IF NOT EXISTS memory.replay;
DROP TABLE IF EXISTS memory.replay.map;
CREATE OR REPLACE TABLE memory.replay.records (
    run_id BIGINT, relation VARCHAR, old_pos BIGINT, pos BIGINT, file_no INTEGER, path VARCHAR, record_no BIGINT,
    line BIGINT, raw VARCHAR, raw_bytes BLOB, fields VARCHAR, shape VARCHAR)
