INSERT INTO wh.quern.shapes
SELECT $run_id, s.relation, s.file_no, s.shape
FROM q_shapes AS s
SEMI JOIN (SELECT DISTINCT relation, pos >> 40 AS file_no FROM q_told WHERE raw IS NOT NULL) AS r
  ON r.relation = s.relation AND r.file_no = s.file_no
