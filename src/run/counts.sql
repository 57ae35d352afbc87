-- In the order of enum count in run/account.c.
SELECT coalesce(sum(n) FILTER (name = 'inserted'), 0), coalesce(sum(n) FILTER (name = 'updated'), 0),
       coalesce(sum(n) FILTER (name = 'unchanged'), 0), coalesce(sum(n) FILTER (name = 'versions_opened'), 0),
       coalesce(sum(n) FILTER (name = 'versions_closed'), 0),
       (SELECT count(*) FROM q_skips WHERE reason = 'superseded'),
       coalesce(sum(n) FILTER (name = 'deleted'), 0), coalesce(sum(n) FILTER (name = 'spliced'), 0),
       coalesce(sum(n) FILTER (name = 'corrected'), 0), coalesce(sum(n) FILTER (name = 'inferred'), 0)
FROM q_counts
