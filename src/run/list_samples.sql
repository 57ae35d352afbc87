-- Up to three records of each reason, by position: key, column, value, place.
WITH firsts AS (
    SELECT *, CASE WHEN ord >= 10000 AND ord < 100000 THEN rule ELSE reason END AS first,
           row_number() OVER (PARTITION BY relation, pos ORDER BY ord, coalesce(col, ''), reason) AS n
    FROM q_keyed)
SELECT f.relation, f.first, f.key, f.col, left(regexp_replace(f.value, '[[:cntrl:]]', ' ', 'g'), 60), s.path,
       p.record_no
FROM firsts AS f
LEFT JOIN q_places AS p ON p.relation = f.relation AND p.pos = f.pos
LEFT JOIN q_sources AS s ON s.relation = f.relation AND s.file_no = f.pos >> 40
WHERE f.n = 1
QUALIFY row_number() OVER (PARTITION BY f.relation, f.first ORDER BY f.pos) <= 3
ORDER BY f.relation, f.first, f.pos
