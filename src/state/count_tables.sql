-- The state tables of this version that are there; before-images and the like are others.
SELECT count(*)
FROM duckdb_tables()
WHERE database_name = 'wh' AND schema_name = 'quern'
  AND table_name IN ('meta', 'runs', 'relations', 'reasons', 'files', 'rule_results', 'rejects', 'checksums', 'holds',
                     'reject_rows', 'shapes', 'reject_edits', 'reject_drops')
