-- Counts the transfer of a payment that a person has credited, unless it is counted, and returns
-- the id that it is counted under.
-- $1 namespace, $2 project, $3 id, $4 transfer
INSERT INTO postback_transfers AS transfer (namespace, project, transfer, id)
VALUES ($1, $2, $4, $3)
ON CONFLICT (namespace, project, transfer) DO UPDATE SET id = transfer.id
RETURNING id;
