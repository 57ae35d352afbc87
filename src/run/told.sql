-- Rejects under the relation that they belong to: a negative position is a record of the relation that was joined by a
-- right or full join (plan/step.h).
CREATE OR REPLACE VIEW q_told AS
SELECT r.* REPLACE (
    CASE WHEN r.pos < 0 THEN (SELECT name FROM q_right) ELSE r.relation END AS relation,
    CASE WHEN r.pos < 0 THEN -1 - r.pos ELSE r.pos END AS pos)
FROM q_rejects AS r
