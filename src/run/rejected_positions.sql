SELECT DISTINCT pos FROM q_told WHERE relation = $relation AND pos >= 0 ORDER BY pos
