-- Starts a lease again from now, with the same length, after the clock was set back. Changes
-- nothing if the lease has changed since it was read.
-- $1 namespace, $2 project, $3 id, $4 name, $5 leased_at and $6 leased_until as they were read
UPDATE postback_effects
SET
    leased_at = (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
    leased_until = (extract(epoch FROM clock_timestamp()) * 1000)::bigint + (leased_until - leased_at)
WHERE namespace = $1 AND project = $2 AND id = $3 AND name = $4
    AND leased_at = $5
    AND leased_until = $6;
