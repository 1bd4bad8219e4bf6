-- Writes a delivery that a person has to look at. If it was resolved before, it stays resolved,
-- unless the details are others.
-- $1 namespace, $2 project, $3 id, $4 reason, $5 digest, $6 amount, $7 details, $8 payload, $9
-- recorded_at in Unix seconds, $10 transfer or NULL
INSERT INTO postback_reviews AS review
    (namespace, project, id, reason, digest, amount, details, payload, recorded_at, transfer)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (namespace, project, id, reason, digest, amount) DO UPDATE SET
    details = excluded.details,
    payload = excluded.payload,
    recorded_at = excluded.recorded_at,
    transfer = excluded.transfer,
    resolved_at = CASE WHEN review.details = excluded.details THEN review.resolved_at END;
