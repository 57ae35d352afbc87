SELECT "column", "type", nulls, "distinct", left(least, 24) AS least, left(greatest, 24) AS greatest,
       coalesce(format('{:.6g}', mean), CASE WHEN shortest IS NOT NULL THEN shortest || ' to ' || longest || ' chars' END)
           AS "mean or length",
       left(median, 24) AS median,
       left(most_frequent, 60) AS "most frequent"
FROM q_profile ORDER BY ord
