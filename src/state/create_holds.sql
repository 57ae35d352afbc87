-- One row a run that is held: what was declared then. Its relation stands in schema quern_hold.
CREATE TABLE IF NOT EXISTS wh.quern.holds (run_id BIGINT NOT NULL, pipeline VARCHAR NOT NULL, digest VARCHAR NOT NULL)
