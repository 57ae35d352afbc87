SELECT pipeline, source, cursor_column, type, lo, hi, run_id
FROM wh.quern.intervals
WHERE replaced_by IS NULL AND pipeline = coalesce($pipeline, pipeline) AND source = coalesce($source, source)
ORDER BY run_id
