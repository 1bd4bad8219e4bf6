-- Creates the table with the version of the schema, unless it exists.
CREATE TABLE IF NOT EXISTS postback_schema (
    version BIGINT NOT NULL,
    -- Oldest version of the schema whose programs can use this one.
    compatible_since BIGINT NOT NULL
);
