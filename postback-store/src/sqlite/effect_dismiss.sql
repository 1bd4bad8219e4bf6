-- Dismisses an effect: records it as done although it did not run, unless it is done, a worker
-- holds it, or it was replaced: an effect that was replaced differs in credited. The token rises,
-- so that a late worker cannot complete it.
-- $1 namespace, $2 project, $3 id, $4 name, $5 credited, $6 the time in Unix milliseconds
UPDATE postback_effects
SET
    token = token + 1,
    done_at = $6
WHERE namespace = $1 AND project = $2 AND id = $3 AND name = $4
    AND credited = $5
    AND done_at IS NULL
    AND leased_until <= $6;
