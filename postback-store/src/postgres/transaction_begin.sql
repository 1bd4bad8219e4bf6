-- Begins a transaction, whatever the server's default isolation level is. A statement in it waits
-- two seconds for a lock, and a process that stops in it holds its locks for twenty seconds, unless
-- the session has limits of its own.
BEGIN ISOLATION LEVEL READ COMMITTED;
SELECT set_config('lock_timeout', '2s', TRUE)
WHERE current_setting('lock_timeout') = '0';
SELECT set_config('idle_in_transaction_session_timeout', '20s', TRUE)
WHERE current_setting('idle_in_transaction_session_timeout') = '0';
