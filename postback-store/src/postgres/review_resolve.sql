-- Resolves a delivery that a person has looked at.
-- $1 namespace, $2 project, $3 id, $4 reason, $5 digest, $6 amount, $7 details, $8 resolved_at in
-- Unix seconds
UPDATE postback_reviews
SET resolved_at = $8
WHERE namespace = $1 AND project = $2 AND id = $3
    AND reason = $4 AND digest = $5 AND amount = $6 AND details = $7
    AND resolved_at IS NULL;
