INSERT INTO wh.quern.intervals
SELECT (SELECT run_id FROM q_run), w.pipeline, w.source, w.cursor_column, w.type, i.lo, i.hi, NULL
FROM q_intervals AS i
JOIN q_watermarks AS w ON w.source = i.source
