-- Open rejects of runs that were published, each record once, with the last edit; files are numbered anew, by run.
INSERT INTO memory.replay.records
WITH chosen AS (
    SELECT r.run_id, r.relation, r.pos, any_value(r.file) AS path, any_value(r.record_no) AS record_no,
           any_value(r.line) AS line, any_value(r.raw) AS raw, bool_or(r.raw_base64) AS raw_base64
    FROM wh.quern.rejects AS r
    SEMI JOIN (SELECT run_id FROM wh.quern.runs WHERE status = 'published') AS u ON u.run_id = r.run_id
    WHERE r.status = 'open' AND r.pipeline = $pipeline AND r.relation = $relation
      AND ($run_id IS NULL OR r.run_id = $run_id)
    GROUP BY r.run_id, r.relation, r.pos
    HAVING $reason IS NULL OR bool_or(r.reason = $reason OR r.rule = $reason)),
edits AS (
    SELECT run_id, relation, pos, arg_max(raw, edit_no) AS raw, arg_max(fields, edit_no) AS fields
    FROM wh.quern.reject_edits
    GROUP BY run_id, relation, pos),
kept AS (
    SELECT c.run_id, c.relation, c.pos, c.path, c.record_no, c.line,
           CASE WHEN e.raw IS NOT NULL THEN e.raw
                WHEN c.raw_base64 OR octet_length(encode(c.raw)) >= 65536 THEN NULL ELSE c.raw END AS raw,
           CASE WHEN e.raw IS NULL AND c.raw_base64 THEN from_base64(c.raw) END AS raw_bytes,
           CASE WHEN c.raw IS NULL THEN coalesce(e.fields, f.fields) END AS fields, s.shape
    FROM chosen AS c
    LEFT JOIN edits AS e ON e.run_id = c.run_id AND e.relation = c.relation AND e.pos = c.pos
    LEFT JOIN wh.quern.reject_rows AS f ON f.run_id = c.run_id AND f.relation = c.relation AND f.pos = c.pos
    LEFT JOIN wh.quern.shapes AS s ON s.run_id = c.run_id AND s.relation = c.relation AND s.file_no = c.pos >> 40),
whole AS (
    SELECT * FROM kept WHERE fields IS NOT NULL OR ((raw IS NOT NULL OR raw_bytes IS NOT NULL) AND shape IS NOT NULL)),
numbered AS (SELECT *, dense_rank() OVER (ORDER BY run_id, pos >> 40) - 1 AS file_no FROM whole)
SELECT run_id, relation, pos, (file_no << 40) | (pos & 1099511627775), file_no, path, record_no, line, raw, raw_bytes,
       fields, CASE WHEN fields IS NULL THEN shape END
FROM numbered
ORDER BY run_id, pos
