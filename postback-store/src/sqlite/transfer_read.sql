-- Reads the id that a transfer on the chain is counted under.
-- $1 namespace, $2 project, $3 transfer
SELECT id
FROM postback_transfers
WHERE namespace = $1 AND project = $2 AND transfer = $3;
