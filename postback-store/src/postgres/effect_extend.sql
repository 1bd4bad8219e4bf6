-- Extends a lease that is in force.
-- $1 namespace, $2 project, $3 id, $4 token, $5 length from now in milliseconds
UPDATE postback_effects
SET
    leased_at = (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
    leased_until = (extract(epoch FROM clock_timestamp()) * 1000)::bigint + $5
WHERE namespace = $1 AND project = $2 AND id = $3
    AND token = $4
    AND done_at IS NULL
    AND leased_until > (extract(epoch FROM clock_timestamp()) * 1000)::bigint
RETURNING token, leased_until, (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now;
