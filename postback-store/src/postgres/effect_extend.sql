-- Makes a lease end later, unless a later lease was given, the lease was released or the effect is
-- done. A lease that has ended by its time is in force again.
-- $1 namespace, $2 project, $3 id, $4 name, $5 token, $6 length from now in milliseconds
UPDATE postback_effects
SET
    leased_at = (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
    leased_until = greatest(
        -- A lease that began in the future is from before the clock was set back: it starts again.
        leased_until - greatest(
            leased_at - (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
            0
        ),
        (extract(epoch FROM clock_timestamp()) * 1000)::bigint + $6
    )
WHERE namespace = $1 AND project = $2 AND id = $3 AND name = $4
    AND token = $5
    AND done_at IS NULL
    AND leased_until > 0
RETURNING token, leased_until, (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now;
