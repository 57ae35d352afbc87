SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'quern' AND table_name IN ('reject_edits', 'reject_drops')
