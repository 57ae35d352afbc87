-- As told.sql where all positions are the main relation's own: the table itself is read quicker.
CREATE OR REPLACE VIEW q_told AS SELECT * FROM q_rejects
