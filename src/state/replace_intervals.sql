UPDATE wh.quern.intervals AS i SET replaced_by = (SELECT run_id FROM q_run)
FROM (SELECT DISTINCT pipeline, source FROM q_watermarks WHERE anew) AS w
WHERE i.pipeline = w.pipeline AND i.source = w.source AND i.replaced_by IS NULL
  AND i.run_id < (SELECT run_id FROM q_run)
