SELECT count(*)
FROM (SELECT table_name AS name FROM duckdb_tables() WHERE database_name = 'wh' AND schema_name = 'main'
      UNION ALL
      SELECT view_name FROM duckdb_views() WHERE database_name = 'wh' AND schema_name = 'main')
WHERE lower(name) = lower($name)
