-- Records an effect as done, if the lease is in force. A repeated statement changes the same row
-- again, and keeps the first time.
-- $1 namespace, $2 project, $3 id, $4 token
UPDATE postback_effects
SET done_at = coalesce(done_at, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)
WHERE namespace = $1 AND project = $2 AND id = $3
    AND token = $4
    AND (
        done_at IS NOT NULL
        OR leased_until > (extract(epoch FROM clock_timestamp()) * 1000)::bigint
    );
