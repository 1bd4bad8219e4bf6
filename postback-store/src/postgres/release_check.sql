-- Reads whether the session is outside of a transaction. Within one, now() is the time when it
-- began. The statement is sent without being prepared, because its parts would have several times.
SELECT now() = statement_timestamp() AS is_outside;
