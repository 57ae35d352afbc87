-- Columns whose values did not fit their types: how many records, and the first one as example, fit to be printed.
SELECT relation, col, any_value(detail),
       left(regexp_replace(arg_min(value, pos), '[[:cntrl:]]', ' ', 'g'), 60), count(DISTINCT pos) AS records
FROM q_told
WHERE reason IN ('cast', 'contract') AND col IS NOT NULL AND value IS NOT NULL
GROUP BY relation, col
ORDER BY relation, records DESC, col
LIMIT 100
