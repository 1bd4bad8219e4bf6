-- Creates the table of the schema's version, unless it exists.
CREATE TABLE IF NOT EXISTS postback_schema (version INTEGER NOT NULL) STRICT;
