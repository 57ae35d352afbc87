SELECT any_value(path) FROM memory.replay.records GROUP BY file_no ORDER BY file_no
