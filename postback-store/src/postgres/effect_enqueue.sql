-- Enqueues an effect that no worker holds. The effect of a credit replaces an effect that was
-- enqueued for review; any other effect stays. The token rises, so that a worker that holds a
-- replaced effect cannot complete it.
-- $1 namespace, $2 project, $3 id, $4 credited, $5 digest, $6 payload
INSERT INTO postback_effects AS effect
    (namespace, project, id, credited, digest, payload, recorded_at,
     token, leased_at, leased_until)
VALUES (
    $1, $2, $3, $4, $5, $6,
    (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
    0,
    (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
    0
)
ON CONFLICT (namespace, project, id) DO UPDATE SET
    credited = excluded.credited,
    digest = excluded.digest,
    payload = excluded.payload,
    recorded_at = excluded.recorded_at,
    token = effect.token + 1,
    leased_until = 0,
    done_at = NULL,
    duplicate_of = NULL
WHERE excluded.credited AND NOT effect.credited;
