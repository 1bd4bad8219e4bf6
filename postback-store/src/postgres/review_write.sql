-- Writes a delivery that a person has to look at. If the same delivery was resolved before, it
-- stays resolved.
-- $1 namespace, $2 project, $3 id, $4 reason, $5 digest, $6 details, $7 payload, $8 recorded_at in
-- Unix seconds
INSERT INTO postback_reviews
    (namespace, project, id, reason, digest, details, payload, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (namespace, project, id, reason, digest) DO UPDATE SET
    details = excluded.details,
    payload = excluded.payload,
    recorded_at = excluded.recorded_at;
