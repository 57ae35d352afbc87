SELECT count(*) FROM duckdb_views() WHERE database_name = 'wh' AND schema_name = 'main' AND view_name = $name
