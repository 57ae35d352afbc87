SELECT coalesce(sum(n) FILTER (name = 'inserted'), 0), coalesce(sum(n) FILTER (name = 'updated'), 0),
       coalesce(sum(n) FILTER (name = 'unchanged'), 0), coalesce(sum(n) FILTER (name = 'versions_opened'), 0),
       coalesce(sum(n) FILTER (name = 'versions_closed'), 0),
       (SELECT count(*) FROM q_skips WHERE reason = 'superseded')
FROM q_counts
