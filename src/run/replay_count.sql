-- Records that fit: of the main relation and published runs, those of them that can be replayed, of joined relations, of
-- runs that were not published.
SELECT count(*) FILTER (relation = $relation AND published), (SELECT count(*) FROM memory.replay.records),
       count(*) FILTER (relation <> $relation), count(*) FILTER (relation = $relation AND NOT published)
FROM (SELECT r.run_id, r.relation, r.pos, any_value(u.status) = 'published' AS published
      FROM wh.quern.rejects AS r
      JOIN wh.quern.runs AS u ON u.run_id = r.run_id
      WHERE r.status = 'open' AND r.pipeline = $pipeline AND ($run_id IS NULL OR r.run_id = $run_id)
      GROUP BY r.run_id, r.relation, r.pos
      HAVING $reason IS NULL OR bool_or(r.reason = $reason OR r.rule = $reason))
