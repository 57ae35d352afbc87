-- Rejected records of a number or at a place, with their source row as it was last edited.
SELECT r.relation, r.pos, any_value(r.status), any_value(r.resolved_by), bool_or(r.raw IS NOT NULL),
       coalesce(any_value(e.fields), any_value(f.fields)), coalesce(any_value(e.edits), 0), any_value(r.file)
FROM wh.quern.rejects AS r
LEFT JOIN (SELECT run_id, relation, pos, arg_max(fields, edit_no) AS fields, max(edit_no) AS edits
           FROM wh.quern.reject_edits
           GROUP BY ALL) AS e ON e.run_id = r.run_id AND e.relation = r.relation AND e.pos = r.pos
LEFT JOIN wh.quern.reject_rows AS f ON f.run_id = r.run_id AND f.relation = r.relation AND f.pos = r.pos
WHERE r.run_id = $run_id AND ($record_no IS NULL OR r.record_no = $record_no) AND ($pos IS NULL OR r.pos = $pos)
  AND ($relation IS NULL OR r.relation = $relation) AND ($file IS NULL OR r.file = $file)
GROUP BY r.relation, r.pos
ORDER BY r.relation, r.pos
