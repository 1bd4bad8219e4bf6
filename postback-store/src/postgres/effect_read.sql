-- Reads the state of an effect.
-- $1 namespace, $2 project, $3 id, $4 name
SELECT
    credited, digest, done_at IS NOT NULL AS is_done, duplicate_of, leased_at, leased_until,
    (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now
FROM postback_effects
WHERE namespace = $1 AND project = $2 AND id = $3 AND name = $4;
