SELECT DISTINCT shape FROM memory.replay.records WHERE shape IS NOT NULL ORDER BY shape
