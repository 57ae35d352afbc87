INSERT INTO wh.quern.watermarks
SELECT (SELECT run_id FROM q_run), pipeline, source, cursor_column, type, value, before
FROM q_watermarks
WHERE value IS NOT NULL AND (anew OR value IS DISTINCT FROM before)
