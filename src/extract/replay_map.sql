CREATE OR REPLACE TABLE memory.replay.map (part INTEGER, file BIGINT, temp_pos BIGINT, pos BIGINT, bytes BLOB)
