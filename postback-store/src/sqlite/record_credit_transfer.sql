-- Counts the transfer of a record that is credited now, unless it is counted, and returns the id
-- that it is counted under.
-- $1 namespace, $2 project, $3 id, $4 digest
INSERT INTO postback_transfers AS transfer (namespace, project, transfer, id)
SELECT namespace, project, transfer, id
FROM postback_records
WHERE namespace = $1 AND project = $2 AND id = $3 AND digest = $4
    AND NOT credited
    AND transfer IS NOT NULL
ON CONFLICT (namespace, project, transfer) DO UPDATE SET id = transfer.id
RETURNING id;
