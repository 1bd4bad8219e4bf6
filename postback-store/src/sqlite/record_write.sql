-- Writes the record of a payment, unless there is one that is credited. If the transfer on the
-- chain is counted under another id, the record is for review.
-- $1 namespace, $2 project, $3 id, $4 credited, $5 digest, $6 payload, $7 recorded_at in Unix
-- seconds, $8 transfer that counts or NULL
INSERT INTO postback_records AS record
    (namespace, project, id, credited, digest, payload, recorded_at)
SELECT
    $1, $2, $3,
    $4 AND NOT EXISTS (
        SELECT 1
        FROM postback_transfers
        WHERE namespace = $1 AND project = $2 AND transfer = $8 AND id <> $3
    ),
    $5, $6, $7
-- SQLite needs a condition here to tell the conflict clause from a join.
WHERE TRUE
ON CONFLICT (namespace, project, id) DO UPDATE SET
    credited = excluded.credited,
    digest = excluded.digest,
    payload = excluded.payload,
    recorded_at = excluded.recorded_at
WHERE NOT record.credited
RETURNING (
    SELECT other.id
    FROM postback_transfers AS other
    WHERE other.namespace = $1 AND other.project = $2 AND other.transfer = $8
        AND other.id <> $3
) AS duplicate_of;
