-- Reads the schema in which tables of another application hide: not the first one in the search
-- path, where this application's tables would be created.
SELECT schemaname::text AS found, current_schema()::text AS expected
FROM pg_tables
WHERE tablename = 'postback_schema'
    AND schemaname = ANY (current_schemas(FALSE))
    AND schemaname <> current_schema();
