SELECT table_name, lower(column_name) FROM duckdb_columns() WHERE database_name = 'wh' AND schema_name = 'main'
