-- Enqueues the effect of a credit and leases it, in one step. An effect that was enqueued for
-- review is replaced. An effect that was enqueued for a credit is leased if it has the same digest,
-- is not done and is not a possible duplicate, and if no worker holds it.
-- $1 namespace, $2 project, $3 id, $4 digest, $5 payload, $6 length of the lease in milliseconds
INSERT INTO postback_effects AS effect
    (namespace, project, id, credited, digest, payload, recorded_at,
     token, leased_at, leased_until)
VALUES (
    $1, $2, $3, TRUE, $4, $5,
    (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
    1,
    (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
    (extract(epoch FROM clock_timestamp()) * 1000)::bigint + $6
)
ON CONFLICT (namespace, project, id) DO UPDATE SET
    credited = TRUE,
    digest = excluded.digest,
    payload = CASE WHEN effect.credited THEN effect.payload ELSE excluded.payload END,
    recorded_at = CASE WHEN effect.credited THEN effect.recorded_at ELSE excluded.recorded_at END,
    token = effect.token + 1,
    leased_at = (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
    leased_until = (extract(epoch FROM clock_timestamp()) * 1000)::bigint + $6,
    done_at = NULL,
    duplicate_of = CASE WHEN effect.credited THEN effect.duplicate_of END
WHERE NOT effect.credited
    OR (
        effect.digest = excluded.digest
        AND effect.done_at IS NULL
        AND effect.duplicate_of IS NULL
        AND effect.leased_until <= (extract(epoch FROM clock_timestamp()) * 1000)::bigint
    )
RETURNING token, leased_until, (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now;
