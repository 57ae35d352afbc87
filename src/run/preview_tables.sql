-- What the warehouse has, while its stand-in is made.
SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'whf' AND schema_name IN ('main', 'quern') ORDER BY ALL
