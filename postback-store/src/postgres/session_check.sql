-- Reads whether the session has what the steps of effects need.
SELECT
    current_setting('lock_timeout') <> '0'
    AND current_setting('default_transaction_isolation') = 'read committed' AS is_limited;
