-- What somebody made of a rejected record; the last one counts, the original stays in rejects and reject_rows.
CREATE TABLE IF NOT EXISTS wh.quern.reject_edits (
    run_id BIGINT NOT NULL, relation VARCHAR NOT NULL, pos BIGINT NOT NULL, edit_no BIGINT NOT NULL,
    edited_at TIMESTAMP NOT NULL, edited_by VARCHAR NOT NULL, raw VARCHAR, fields VARCHAR)
