SELECT DISTINCT pos FROM q_rejects WHERE relation = $relation AND pos >= 0 ORDER BY pos
