-- Updates the version of the schema.
-- $1 version, $2 compatible_since
UPDATE postback_schema
SET version = $1, compatible_since = $2;
