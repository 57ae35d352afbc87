SELECT table_name, column_count
FROM duckdb_tables()
WHERE database_name = 'wh' AND schema_name = 'quern' AND starts_with(table_name, 'before_')
ORDER BY table_name
