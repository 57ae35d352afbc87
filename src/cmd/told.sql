-- Outside of a run every reason is told.
CREATE OR REPLACE VIEW q_told AS SELECT * FROM q_rejects
