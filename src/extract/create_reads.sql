CREATE TABLE IF NOT EXISTS q_watermarks (
    pipeline VARCHAR, source VARCHAR, cursor_column VARCHAR, type VARCHAR, before VARCHAR, value VARCHAR, anew BOOLEAN,
    nulls BIGINT, late BIGINT, late_from VARCHAR, late_to VARCHAR);
CREATE TABLE IF NOT EXISTS q_intervals (source VARCHAR, lo VARCHAR, hi VARCHAR);
CREATE TABLE IF NOT EXISTS q_reread (pos BIGINT)
