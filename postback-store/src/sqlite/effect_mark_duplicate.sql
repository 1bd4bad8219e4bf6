-- Marks an effect as a possible duplicate: its transfer is counted under another id.
-- $1 namespace, $2 project, $3 id, $4 the other id
UPDATE postback_effects
SET duplicate_of = $4
WHERE namespace = $1 AND project = $2 AND id = $3;
