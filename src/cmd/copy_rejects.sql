SELECT s.path AS source, p.record_no, p.line, r.col AS "column", r.reason, r.detail, r.value,
       coalesce(TRY(decode(r.raw)), base64(r.raw)) AS raw
FROM q_rejects AS r
LEFT JOIN q_sources AS s ON s.relation = r.relation AND s.file_no = r.pos >> 40
LEFT JOIN q_places AS p ON p.relation = r.relation AND p.pos = r.pos
ORDER BY r.pos, r.ord, coalesce(r.col, '')
