SELECT "column" FROM q_profile WHERE nulls = 0 AND "distinct" = "rows" AND "rows" > 1 ORDER BY ord
