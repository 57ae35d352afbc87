SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'quern' AND table_name = 'watermarks' AND NOT temporary
