-- Reads the version of the schema.
SELECT version
FROM postback_schema;
