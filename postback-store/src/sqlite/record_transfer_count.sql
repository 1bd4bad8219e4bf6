-- Counts a transfer on the chain under the id of a payment, unless it is counted, or the payment is
-- credited.
-- $1 namespace, $2 project, $3 id, $4 transfer
INSERT INTO postback_transfers (namespace, project, transfer, id)
SELECT $1, $2, $4, $3
WHERE NOT EXISTS (
    SELECT 1
    FROM postback_records
    WHERE namespace = $1 AND project = $2 AND id = $3 AND credited
)
ON CONFLICT DO NOTHING;
