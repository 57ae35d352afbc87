SELECT table_name FROM duckdb_tables() WHERE database_name = 'wh' AND schema_name = 'main' AND NOT temporary
