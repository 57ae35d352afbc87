-- A warehouse of an earlier version has no such table.
SELECT count(*) FROM duckdb_tables() WHERE database_name = 'wh' AND schema_name = 'quern' AND table_name = 'holds'
