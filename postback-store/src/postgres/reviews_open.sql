-- Lists the deliveries that a person has to look at, the oldest first: those that contradict a
-- credited payment, and those of payments that are recorded for review.
-- $1 project or NULL for all, $2 maximum number of deliveries
-- Lists those that follow a position.
-- $3 recorded_at, $4 namespace, $5 project, $6 id, $7 reason, $8 digest, $9 amount
SELECT namespace, project, id, reason, digest, amount, details, payload, recorded_at, transfer
FROM postback_reviews AS review
WHERE resolved_at IS NULL
    AND ($1::text IS NULL OR project = $1)
    AND (
        reason = 'conflict'
        OR EXISTS (
            SELECT 1
            FROM postback_records AS record
            WHERE record.namespace = review.namespace
                AND record.project = review.project
                AND record.id = review.id
                AND NOT record.credited
        )
    )
    AND (recorded_at, namespace, project, id, reason, digest, amount)
        > ($3, $4, $5, $6, $7, $8, $9)
ORDER BY recorded_at, namespace, project, id, reason, digest, amount
LIMIT $2;
