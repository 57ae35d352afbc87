SELECT (SELECT coalesce(sum(records), 0) FROM q_sources WHERE relation = $relation),
       (SELECT coalesce(sum(records), 0) FROM q_reasons WHERE relation = $relation AND kind = 'rejected'),
       (SELECT coalesce(sum(records), 0) FROM q_reasons WHERE relation = $relation AND kind = 'skipped')
