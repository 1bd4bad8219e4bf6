-- Counts a transfer on the chain under the id of a payment, unless it is counted.
-- $1 namespace, $2 project, $3 transfer, $4 id
INSERT INTO postback_transfers (namespace, project, transfer, id)
VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING;
