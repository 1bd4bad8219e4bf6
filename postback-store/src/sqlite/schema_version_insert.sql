-- Inserts version 0, before the first migration.
INSERT INTO postback_schema (version, compatible_since)
VALUES (0, 0);
