-- The checked relations of held runs, as r<run>_<what>.
CREATE SCHEMA IF NOT EXISTS wh.quern_hold
