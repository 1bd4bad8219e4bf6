-- Reads the id of the payment that a transfer on the chain is counted for.
-- $1 namespace, $2 project, $3 transfer
SELECT id
FROM postback_transfers
WHERE namespace = $1 AND project = $2 AND transfer = $3;
