UPDATE wh.quern.rejects AS r SET status = 'replayed', resolved_by = $run_id
FROM memory.replay.records AS x
WHERE r.run_id = x.run_id AND r.relation = x.relation AND r.pos = x.old_pos AND r.status = 'open'
