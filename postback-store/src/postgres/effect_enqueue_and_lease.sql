-- Enqueues the effect of a credit and leases it, in one step. An effect that was enqueued for
-- review is replaced. An effect that was enqueued for a credit is leased if it has the same digest,
-- is not done and is not a possible duplicate, and if no worker holds it. The transfer on the chain
-- of a new effect is counted, and if it is counted under another id, the effect is a possible
-- duplicate and not leased.
-- $1 namespace, $2 project, $3 id, $4 name, $5 digest, $6 payload, $7 length of the lease in
-- milliseconds, $8 transfer or NULL
WITH counted AS (
    INSERT INTO postback_transfers AS transfer (namespace, project, transfer, id)
    SELECT $1, $2, $8, $3
    WHERE $8::bytea IS NOT NULL
        AND NOT EXISTS (
            SELECT FROM postback_effects
            WHERE namespace = $1 AND project = $2 AND id = $3 AND name = $4 AND credited
        )
    -- Waits for another transaction that counts it, and returns the id that it is counted under.
    ON CONFLICT (namespace, project, transfer) DO UPDATE SET id = transfer.id
    RETURNING id
),
other AS (
    SELECT (SELECT id FROM counted WHERE id <> $3) AS id
)
INSERT INTO postback_effects AS effect
    (namespace, project, id, name, credited, digest, payload, recorded_at,
     token, leased_at, leased_until, duplicate_of)
SELECT
    $1, $2, $3, $4, TRUE, $5, $6,
    (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
    CASE WHEN other.id IS NULL THEN 1 ELSE 0 END,
    (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
    CASE
        WHEN other.id IS NULL
            THEN (extract(epoch FROM clock_timestamp()) * 1000)::bigint + $7
        ELSE 0
    END,
    other.id
FROM other
ON CONFLICT (namespace, project, id, name) DO UPDATE SET
    credited = TRUE,
    digest = excluded.digest,
    payload = CASE WHEN effect.credited THEN effect.payload ELSE excluded.payload END,
    recorded_at = CASE WHEN effect.credited THEN effect.recorded_at ELSE excluded.recorded_at END,
    token = effect.token + 1,
    leased_at = (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
    leased_until = CASE
        WHEN effect.credited OR excluded.duplicate_of IS NULL
            THEN (extract(epoch FROM clock_timestamp()) * 1000)::bigint + $7
        ELSE 0
    END,
    done_at = NULL,
    duplicate_of = CASE WHEN effect.credited THEN effect.duplicate_of ELSE excluded.duplicate_of END
WHERE NOT effect.credited
    OR (
        effect.digest = excluded.digest
        AND effect.done_at IS NULL
        AND effect.duplicate_of IS NULL
        AND effect.leased_until <= (extract(epoch FROM clock_timestamp()) * 1000)::bigint
    )
RETURNING
    token, duplicate_of, leased_until,
    (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now;
