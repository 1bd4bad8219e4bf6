-- Waits for other processes that create the tables. The lock ends with the transaction.
SELECT pg_advisory_xact_lock(hashtextextended('postback_schema', 0));
