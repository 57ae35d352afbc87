DELETE FROM wh.quern.intervals
WHERE replaced_by IS NULL AND pipeline = $pipeline AND source = $source AND run_id = $run_id AND lo = $lo AND hi = $hi
