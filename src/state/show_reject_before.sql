-- For a warehouse of an earlier version, which has no edits.
SELECT run_id, pipeline, relation, file, record_no, byte_offset, line, key, col, rule, reason, value, detail, status,
       resolved_by, raw, raw_base64, record
FROM quern.rejects
WHERE run_id = $run_id AND ($relation IS NULL OR relation = $relation) AND ($record_no IS NULL OR record_no = $record_no)
ORDER BY relation, pos, ord, col
