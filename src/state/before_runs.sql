-- The newest run that is older than before-images are kept, and how far they are gone already.
SELECT (SELECT coalesce(max(run_id), 0) FROM wh.quern.runs WHERE started_at < $before AND run_id < $run_id),
       (SELECT coalesce(max(value::BIGINT), 0) FROM wh.quern.meta WHERE key = 'undo pruned')
