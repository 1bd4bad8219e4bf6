-- Reads the version of the schema.
SELECT version, compatible_since
FROM postback_schema;
