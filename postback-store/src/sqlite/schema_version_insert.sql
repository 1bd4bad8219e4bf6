-- Inserts version 0: no migration is applied.
INSERT INTO postback_schema (version)
VALUES (0);
