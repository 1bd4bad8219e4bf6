-- Inserts version 0, before the first migration.
INSERT INTO postback_schema (version)
VALUES (0);
