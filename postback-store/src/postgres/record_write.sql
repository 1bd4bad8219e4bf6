-- Writes the record of a payment, unless there is one that is credited. Another transaction that
-- writes the same record waits for the end of this one. The transfer on the chain is counted, and
-- if it is counted under another id, the record is for review.
-- $1 namespace, $2 project, $3 id, $4 credited, $5 digest, $6 payload, $7 recorded_at in Unix
-- seconds, $8 transfer that counts or NULL
WITH counted AS (
    INSERT INTO postback_transfers AS transfer (namespace, project, transfer, id)
    SELECT $1, $2, $8, $3
    WHERE $8::bytea IS NOT NULL
        AND NOT EXISTS (
            SELECT FROM postback_records
            WHERE namespace = $1 AND project = $2 AND id = $3 AND credited
        )
    -- Waits for another transaction that counts it, and returns the id that it is counted under.
    ON CONFLICT (namespace, project, transfer) DO UPDATE SET id = transfer.id
    RETURNING id
),
other AS (
    SELECT (SELECT id FROM counted WHERE id <> $3) AS id
)
INSERT INTO postback_records AS record
    (namespace, project, id, credited, digest, payload, recorded_at)
SELECT $1, $2, $3, $4 AND other.id IS NULL, $5, $6, $7
FROM other
ON CONFLICT (namespace, project, id) DO UPDATE SET
    credited = excluded.credited,
    digest = excluded.digest,
    payload = excluded.payload,
    recorded_at = excluded.recorded_at
WHERE NOT record.credited
RETURNING (SELECT id FROM other) AS duplicate_of;
