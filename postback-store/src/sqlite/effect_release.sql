-- Ends the lease with this token.
-- $1 namespace, $2 project, $3 id, $4 name, $5 token
UPDATE postback_effects
SET leased_until = 0
WHERE namespace = $1 AND project = $2 AND id = $3 AND name = $4
    AND token = $5
    AND done_at IS NULL;
