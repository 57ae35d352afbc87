-- Sources that the run read and later runs went on with: where it ended.
SELECT pipeline, source, type, value
FROM wh.quern.watermarks AS w
WHERE run_id = $run_id
  AND EXISTS (FROM wh.quern.watermarks AS o
              WHERE o.run_id > $run_id AND o.pipeline = w.pipeline AND o.source = w.source)
