-- The first reasons, by position.
SELECT r.col, left(regexp_replace(r.value, '[[:cntrl:]]', ' ', 'g'), 60), r.reason, r.detail, s.path, p.record_no, p.line
FROM q_rejects AS r
LEFT JOIN q_sources AS s ON s.relation = r.relation AND s.file_no = r.pos >> 40
LEFT JOIN q_places AS p ON p.relation = r.relation AND p.pos = r.pos
ORDER BY r.pos, r.ord, coalesce(r.col, '')
LIMIT 3
