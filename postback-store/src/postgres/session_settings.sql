-- Sets what the steps of effects need, which run outside of transactions: a limit for the wait for
-- a lock, and an isolation level that fails no statement because of another transaction.
SELECT set_config('lock_timeout', '2s', FALSE)
WHERE current_setting('lock_timeout') = '0';
SET default_transaction_isolation = 'read committed';
