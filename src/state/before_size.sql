-- The newest run that is older than before-images are kept, how far they are gone already, and about how many bytes they
-- take: rows times columns times 16.
SELECT (SELECT coalesce(max(run_id), 0) FROM wh.quern.runs WHERE started_at < $before AND run_id < $run_id),
       (SELECT coalesce(max(value::BIGINT), 0) FROM wh.quern.meta WHERE key = 'undo pruned'),
       (SELECT coalesce(sum(estimated_size * column_count * 16), 0)::BIGINT
        FROM duckdb_tables()
        WHERE database_name = 'wh' AND schema_name = 'quern' AND starts_with(table_name, 'before_'))
