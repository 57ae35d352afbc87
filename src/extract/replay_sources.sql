-- The files of the records, as they were; what is read is the records.
INSERT INTO q_sources
SELECT $relation, r.file_no, any_value(r.path), NULL, count(DISTINCT r.pos),
       count(DISTINCT r.pos) FILTER (r.pos IN (SELECT pos FROM q_rejects WHERE relation = $relation)),
       'rejects of run ' || any_value(r.run_id)
FROM memory.replay.records AS r
GROUP BY r.file_no
