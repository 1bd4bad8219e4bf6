-- Writes the record of a payment, unless there is one that is credited. Another transaction that
-- writes the same record waits for the end of this one.
-- $1 namespace, $2 project, $3 id, $4 credited, $5 digest, $6 payload, $7 recorded_at in Unix
-- seconds
INSERT INTO postback_records AS record
    (namespace, project, id, credited, digest, payload, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (namespace, project, id) DO UPDATE SET
    credited = excluded.credited,
    digest = excluded.digest,
    payload = excluded.payload,
    recorded_at = excluded.recorded_at
WHERE NOT record.credited;
