SELECT count(DISTINCT pos) FROM q_rejects
