-- Dismisses an effect: records it as done although it did not run, unless it is done, a worker
-- holds it, or it was replaced: an effect that was replaced differs in credited. The token rises,
-- so that a late worker cannot complete it.
-- $1 namespace, $2 project, $3 id, $4 credited, $5 the time in Unix milliseconds
UPDATE postback_effects
SET
    token = token + 1,
    done_at = $5
WHERE namespace = $1 AND project = $2 AND id = $3
    AND credited = $4
    AND done_at IS NULL
    AND leased_until <= $5;
