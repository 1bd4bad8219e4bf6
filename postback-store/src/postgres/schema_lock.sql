-- Waits for other processes that create the tables. The end of the transaction unlocks.
SELECT pg_advisory_xact_lock(hashtextextended('postback_schema', 0));
