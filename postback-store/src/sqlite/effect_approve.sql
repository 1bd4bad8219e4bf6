-- Approves a possible duplicate, so that it can be leased, unless it is done or was replaced: an
-- effect that was replaced differs in credited.
-- $1 namespace, $2 project, $3 id, $4 name, $5 credited
UPDATE postback_effects
SET duplicate_of = NULL
WHERE namespace = $1 AND project = $2 AND id = $3 AND name = $4
    AND credited = $5
    AND duplicate_of IS NOT NULL
    AND done_at IS NULL;
