SELECT r.status, f.path, f.size
FROM wh.quern.runs r LEFT JOIN wh.quern.files f USING (run_id)
WHERE r.pipeline = $pipeline AND r.run_id >= $since
ORDER BY r.run_id
