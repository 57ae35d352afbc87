-- Everything quern knows about a warehouse stands in the warehouse itself.
CREATE SCHEMA IF NOT EXISTS wh.quern
