SELECT pipeline, source, cursor_column, type, value, run_id
FROM wh.quern.watermarks
WHERE pipeline = coalesce($pipeline, pipeline) AND source = coalesce($source, source)
ORDER BY run_id
