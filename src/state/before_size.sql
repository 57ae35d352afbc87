-- About how many bytes before-images take: rows times columns times 16.
SELECT coalesce(sum(estimated_size * column_count * 16), 0)::BIGINT
FROM duckdb_tables()
WHERE database_name = 'wh' AND schema_name = 'quern' AND starts_with(table_name, 'before_')
