-- A row that was replayed and rejected again, before it was in the staged relation.
INSERT INTO wh.quern.reject_rows
SELECT $run_id, r.relation, r.pos, r.fields
FROM memory.replay.records AS r
SEMI JOIN q_told AS t ON t.relation = r.relation AND t.pos = r.pos AND t.raw IS NULL
ANTI JOIN (SELECT relation, pos FROM wh.quern.reject_rows WHERE run_id = $run_id) AS k
  ON k.relation = r.relation AND k.pos = r.pos
WHERE r.fields IS NOT NULL
