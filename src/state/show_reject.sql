SELECT r.run_id, r.pipeline, r.relation, r.file, r.record_no, r.byte_offset, nullif(r.line, 0) AS line, r.key, r.col, r.rule, r.reason,
       r.value, r.detail, r.status, r.resolved_by, r.raw, r.raw_base64, r.record, e.edited_at, e.edited_by, e.edited,
       d.because, concat(r.run_id, ':', r.relation, ':', r.pos >> 40, '.', r.pos & 1099511627775) AS address
FROM quern.rejects AS r
LEFT JOIN (SELECT run_id, relation, pos, max(edited_at) AS edited_at, arg_max(edited_by, edit_no) AS edited_by,
                  arg_max(coalesce(raw, fields), edit_no) AS edited
           FROM quern.reject_edits
           GROUP BY ALL) AS e ON e.run_id = r.run_id AND e.relation = r.relation AND e.pos = r.pos
LEFT JOIN quern.reject_drops AS d ON d.run_id = r.run_id AND d.relation = r.relation AND d.pos = r.pos
WHERE r.run_id = $run_id AND ($relation IS NULL OR r.relation = $relation)
  AND ($record_no IS NULL OR r.record_no = $record_no) AND ($pos IS NULL OR r.pos = $pos)
ORDER BY r.relation, r.pos, r.ord, r.col
