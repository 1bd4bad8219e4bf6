-- Counts the transfer of a record that is credited now, unless it is counted.
-- $1 namespace, $2 project, $3 id
INSERT INTO postback_transfers (namespace, project, transfer, id)
SELECT namespace, project, transfer, id
FROM postback_records
WHERE namespace = $1 AND project = $2 AND id = $3 AND transfer IS NOT NULL
ON CONFLICT (namespace, project, transfer) DO NOTHING;
