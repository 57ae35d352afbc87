-- Rejects of a held run were written when it was held; those that somebody replayed or dropped since stay as they are.
CREATE OR REPLACE VIEW q_keyed AS
SELECT r.*, k.key
FROM q_told AS r
LEFT JOIN (SELECT pos, any_value(key) AS key FROM q_keys GROUP BY pos) AS k ON k.pos = r.pos
ANTI JOIN (SELECT relation, pos FROM wh.quern.rejects WHERE run_id = (SELECT run_id FROM q_run) AND status <> 'open') AS x
  ON x.relation = r.relation AND x.pos = r.pos
