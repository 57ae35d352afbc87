-- raw bytes that are not UTF-8 are kept as base64
INSERT INTO wh.quern.rejects
SELECT $run_id, $pipeline, r.relation, r.pos, r.ord, s.path, p.record_no, r.pos & 1099511627775, p.line, r.key, r.col,
       r.rule, r.reason, r.value, r.detail, 'open', NULL,
       coalesce(TRY(decode(r.raw)), base64(r.raw)), r.raw IS NOT NULL AND TRY(decode(r.raw)) IS NULL, r.record
FROM q_keyed AS r
LEFT JOIN q_sources AS s ON s.relation = r.relation AND s.file_no = r.pos >> 40
LEFT JOIN q_places AS p ON p.relation = r.relation AND p.pos = r.pos
