UPDATE wh.quern.rejects AS r SET status = 'dropped'
FROM wh.quern.reject_drops AS d
WHERE r.run_id = d.run_id AND r.relation = d.relation AND r.pos = d.pos AND r.status = 'open'
