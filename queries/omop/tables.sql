--+ id: omop/tables
--+ question: Which tables and views does the attached database hold, and in which schema?
--+ params: none
--+ empty-means: The database holds nothing.
SELECT schema_name, table_name, false AS is_view
FROM duckdb_tables()
WHERE database_name = 'source' AND NOT internal
UNION ALL
SELECT schema_name, view_name, true
FROM duckdb_views()
WHERE database_name = 'source' AND NOT internal
ORDER BY ALL
