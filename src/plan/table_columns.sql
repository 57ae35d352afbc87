-- Columns of the model's tables, and of their before-images as "quern.before_<table>".
SELECT CASE WHEN schema_name = 'quern' THEN 'quern.' ELSE '' END || table_name, column_name, data_type
FROM duckdb_columns()
WHERE database_name = 'wh' AND (schema_name = 'main' OR (schema_name = 'quern' AND starts_with(table_name, 'before_')))
ORDER BY ALL
