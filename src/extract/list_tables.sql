-- Tables and views of an attached file, those of the main schema by their name alone.
SELECT CASE WHEN schema_name = 'main' THEN name ELSE schema_name || '.' || name END
FROM (SELECT schema_name, table_name AS name FROM duckdb_tables() WHERE database_name = $database
      UNION ALL
      SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = $database AND NOT internal)
ORDER BY schema_name <> 'main', schema_name, name
