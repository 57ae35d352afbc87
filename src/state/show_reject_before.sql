-- For a warehouse of an earlier version, which has no edits.
SELECT run_id, pipeline, relation, file, record_no, byte_offset, nullif(line, 0) AS line, key, col, rule, reason, value, detail, status,
       resolved_by, raw, raw_base64, record,
       concat(run_id, ':', relation, ':', pos >> 40, '.', pos & 1099511627775) AS address
FROM quern.rejects
WHERE run_id = $run_id AND ($relation IS NULL OR relation = $relation)
  AND ($record_no IS NULL OR record_no = $record_no) AND ($pos IS NULL OR pos = $pos)
ORDER BY relation, pos, ord, col
