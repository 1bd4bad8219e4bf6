-- Reads whether another delivery of a payment is listed for review.
-- $1 namespace, $2 project, $3 id, $4 reason, $5 digest and $6 amount of the delivery
SELECT 1 AS other
FROM postback_reviews
WHERE namespace = $1 AND project = $2 AND id = $3
    AND resolved_at IS NULL
    AND reason <> 'conflict'
    AND NOT (reason = $4 AND digest = $5 AND amount = $6)
LIMIT 1;
