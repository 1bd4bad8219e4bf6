-- Creates the table with the version of the schema, unless it exists.
CREATE TABLE IF NOT EXISTS postback_schema (version INTEGER NOT NULL) STRICT;
