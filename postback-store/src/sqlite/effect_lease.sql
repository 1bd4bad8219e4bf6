-- Leases an effect that is enqueued, unless it has another digest, is done, is a possible
-- duplicate, a worker holds it, or it was replaced: an effect that was replaced differs in
-- credited.
-- $1 namespace, $2 project, $3 id, $4 name, $5 credited, $6 digest of the delivery or NULL, $7
-- length of the lease in milliseconds, $8 the time in Unix milliseconds
UPDATE postback_effects
SET
    token = token + 1,
    leased_at = $8,
    leased_until = $8 + $7
WHERE namespace = $1 AND project = $2 AND id = $3 AND name = $4
    AND credited = $5
    AND ($6 IS NULL OR digest = $6)
    AND done_at IS NULL
    AND duplicate_of IS NULL
    AND leased_until <= $8
RETURNING token, leased_until;
