-- One row a reason of a rejected record. raw is base64 when raw_base64; record is the typed row as JSON.
CREATE TABLE IF NOT EXISTS wh.quern.rejects (
    run_id BIGINT NOT NULL, pipeline VARCHAR NOT NULL, relation VARCHAR NOT NULL, pos BIGINT NOT NULL,
    ord INTEGER NOT NULL, file VARCHAR, record_no BIGINT, byte_offset BIGINT, line BIGINT, key VARCHAR, col VARCHAR,
    rule VARCHAR, reason VARCHAR NOT NULL, value VARCHAR, detail VARCHAR, status VARCHAR NOT NULL, resolved_by BIGINT,
    raw VARCHAR, raw_base64 BOOLEAN NOT NULL, record VARCHAR)
