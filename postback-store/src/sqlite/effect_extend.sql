-- Extends a lease that is in force.
-- $1 namespace, $2 project, $3 id, $4 token, $5 length from now in milliseconds, $6 the time in
-- Unix milliseconds
UPDATE postback_effects
SET
    leased_at = $6,
    leased_until = $6 + $5
WHERE namespace = $1 AND project = $2 AND id = $3
    AND token = $4
    AND done_at IS NULL
    AND leased_until > $6
RETURNING token, leased_until, $6 AS now;
