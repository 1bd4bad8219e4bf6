-- Drops the payloads of effects that are done and were recorded before a time.
-- $1 the time in Unix milliseconds
UPDATE postback_effects
SET payload = NULL
WHERE recorded_at < $1 AND payload IS NOT NULL AND done_at IS NOT NULL;
