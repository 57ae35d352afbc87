SELECT source, cursor_column, lo AS from_value, hi AS to_value
FROM quern.intervals
WHERE run_id = $run_id
ORDER BY source, length(lo), lo
