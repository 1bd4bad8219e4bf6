-- Writes a delivery that a person has to look at. If it was resolved before, it stays resolved,
-- unless the details or the amount are others.
-- $1 namespace, $2 project, $3 id, $4 reason, $5 digest, $6 details, $7 amount, $8 payload, $9
-- recorded_at in Unix seconds
INSERT INTO postback_reviews AS review
    (namespace, project, id, reason, digest, details, amount, payload, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (namespace, project, id, reason, digest) DO UPDATE SET
    details = excluded.details,
    amount = excluded.amount,
    payload = excluded.payload,
    recorded_at = excluded.recorded_at,
    resolved_at = CASE
        WHEN review.details = excluded.details AND review.amount = excluded.amount
            THEN review.resolved_at
    END;
