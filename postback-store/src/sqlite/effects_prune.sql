-- Drops the payloads of some effects that are done and were recorded before a time.
-- $1 the time in Unix milliseconds, $2 maximum number of effects
UPDATE postback_effects
SET payload = NULL
WHERE rowid IN (
    SELECT rowid
    FROM postback_effects
    WHERE recorded_at < $1 AND payload IS NOT NULL AND done_at IS NOT NULL
    LIMIT $2
);
