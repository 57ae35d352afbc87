-- The run that began a source: where it began stays known when later runs went on from it, so that what it read becomes a
-- hole and not a time before the beginning.
UPDATE wh.quern.intervals AS i SET hi = lo
WHERE i.run_id = $run_id
  AND EXISTS (FROM wh.quern.watermarks AS w
              WHERE w.run_id = $run_id AND w.pipeline = i.pipeline AND w.source = i.source AND w.previous IS NULL)
  AND EXISTS (FROM wh.quern.watermarks AS w
              WHERE w.run_id > $run_id AND w.pipeline = i.pipeline AND w.source = i.source)
