-- Format version, fencing token, signatures of generated dimensions.
CREATE TABLE IF NOT EXISTS wh.quern.meta (key VARCHAR NOT NULL, value VARCHAR NOT NULL)
