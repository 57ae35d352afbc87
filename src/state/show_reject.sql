SELECT * EXCLUDE (pos) FROM wh.quern.rejects
WHERE run_id = $run_id AND relation = $relation AND ($record_no IS NULL OR record_no = $record_no)
ORDER BY pos, ord, col
