-- Rows, and how many of them are the same as another one before.
SELECT (SELECT count(*) FROM s_profiled),
       (SELECT count(*) FROM s_profiled) - (SELECT count(*) FROM (SELECT DISTINCT * EXCLUDE (_q_pos) FROM s_profiled))
