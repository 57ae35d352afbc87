SELECT * EXCLUDE (ord) FROM q_profile ORDER BY ord
