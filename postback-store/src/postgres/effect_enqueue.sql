-- Enqueues an effect that no worker holds. The effect of a credit replaces an effect that was
-- enqueued for review; any other effect stays. The token rises, so that a worker that holds a
-- replaced effect cannot complete it. The transfer on the chain is counted, and if it is counted
-- under another id, the effect is a possible duplicate.
-- $1 namespace, $2 project, $3 id, $4 name, $5 credited, $6 digest, $7 payload, $8 transfer or NULL
WITH counted AS (
    INSERT INTO postback_transfers AS transfer (namespace, project, transfer, id)
    SELECT $1, $2, $8, $3
    WHERE $8::bytea IS NOT NULL
        AND NOT EXISTS (
            SELECT FROM postback_effects
            WHERE namespace = $1 AND project = $2 AND id = $3 AND name = $4
                AND (credited OR NOT $5)
        )
    -- Waits for another transaction that counts it, and returns the id that it is counted under.
    ON CONFLICT (namespace, project, transfer) DO UPDATE SET id = transfer.id
    RETURNING id
)
INSERT INTO postback_effects AS effect
    (namespace, project, id, name, credited, digest, payload, recorded_at,
     token, leased_at, leased_until, duplicate_of)
VALUES (
    $1, $2, $3, $4, $5, $6, $7,
    (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
    0,
    (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
    0,
    (SELECT id FROM counted WHERE id <> $3)
)
ON CONFLICT (namespace, project, id, name) DO UPDATE SET
    credited = excluded.credited,
    digest = excluded.digest,
    payload = excluded.payload,
    recorded_at = excluded.recorded_at,
    token = effect.token + 1,
    leased_at = excluded.leased_at,
    leased_until = 0,
    done_at = NULL,
    duplicate_of = excluded.duplicate_of
WHERE excluded.credited AND NOT effect.credited;
