-- Counts a transfer on the chain under the id of a payment, unless it is counted, or the effect
-- stays as it is enqueued.
-- $1 namespace, $2 project, $3 id, $4 name, $5 credited, $6 transfer
INSERT INTO postback_transfers (namespace, project, transfer, id)
SELECT $1, $2, $6, $3
WHERE NOT EXISTS (
    SELECT 1
    FROM postback_effects
    WHERE namespace = $1 AND project = $2 AND id = $3 AND name = $4 AND (credited OR NOT $5)
)
ON CONFLICT DO NOTHING;
