SELECT table_name
FROM duckdb_tables()
WHERE database_name = 'wh' AND schema_name = 'quern_hold' AND starts_with(table_name, $prefix)
ORDER BY ALL
