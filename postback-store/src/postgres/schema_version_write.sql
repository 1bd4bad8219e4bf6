-- Updates the version of the schema.
-- $1 version
UPDATE postback_schema
SET version = $1;
