-- Counts a transfer under the id of a payment that a person has credited, instead of another id.
-- $1 namespace, $2 project, $3 id, $4 transfer
UPDATE postback_transfers
SET id = $3
WHERE namespace = $1 AND project = $2 AND transfer = $4;
