-- Files that published runs of the pipeline have read, and how long they were.
CREATE OR REPLACE TABLE q_seen_files AS
SELECT f.path, max(f.size) AS size
FROM wh.quern.files AS f
JOIN wh.quern.runs AS r ON r.run_id = f.run_id
WHERE r.pipeline = $pipeline AND r.status = 'published' AND f.relation = $relation
GROUP BY f.path
