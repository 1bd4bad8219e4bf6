-- Reads which session of the server runs the statement.
SELECT pg_backend_pid()::bigint AS id;
