-- Enqueues the effect of a credit and leases it, in one step. An effect that was enqueued for
-- review is replaced. An effect that was enqueued for a credit is leased if it has the same digest,
-- is not done and is not a possible duplicate, and if no worker holds it. If the transfer on the
-- chain of a new effect is counted under another id, the effect is a possible duplicate and not
-- leased.
-- $1 namespace, $2 project, $3 id, $4 name, $5 digest, $6 payload, $7 length of the lease in
-- milliseconds, $8 transfer or NULL, $9 the time in Unix milliseconds
WITH other AS (
    SELECT (
        SELECT id
        FROM postback_transfers
        WHERE namespace = $1 AND project = $2 AND transfer = $8 AND id <> $3
    ) AS id
)
INSERT INTO postback_effects AS effect
    (namespace, project, id, name, credited, digest, payload, recorded_at,
     token, leased_at, leased_until, duplicate_of)
SELECT
    $1, $2, $3, $4, TRUE, $5, $6,
    $9,
    CASE WHEN other.id IS NULL THEN 1 ELSE 0 END,
    $9,
    CASE WHEN other.id IS NULL THEN $9 + $7 ELSE 0 END,
    other.id
FROM other
-- SQLite needs a condition here to tell the conflict clause from a join.
WHERE TRUE
ON CONFLICT (namespace, project, id, name) DO UPDATE SET
    credited = TRUE,
    digest = excluded.digest,
    payload = CASE WHEN effect.credited THEN effect.payload ELSE excluded.payload END,
    recorded_at = CASE WHEN effect.credited THEN effect.recorded_at ELSE excluded.recorded_at END,
    token = effect.token + 1,
    leased_at = $9,
    leased_until = CASE
        WHEN effect.credited OR excluded.duplicate_of IS NULL THEN $9 + $7
        ELSE 0
    END,
    done_at = NULL,
    duplicate_of = CASE WHEN effect.credited THEN effect.duplicate_of ELSE excluded.duplicate_of END
WHERE NOT effect.credited
    OR (
        effect.digest = excluded.digest
        AND effect.done_at IS NULL
        AND effect.duplicate_of IS NULL
        AND effect.leased_until <= $9
    )
RETURNING token, duplicate_of, leased_until;
