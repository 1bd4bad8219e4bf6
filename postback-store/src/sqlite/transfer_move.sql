-- Counts a transfer under the id of a payment that a person has credited, unless the payment that
-- it is counted under is credited, too.
-- $1 namespace, $2 project, $3 id, $4 transfer
UPDATE postback_transfers
SET id = $3
WHERE namespace = $1 AND project = $2 AND transfer = $4
    AND NOT EXISTS (
        SELECT 1
        FROM postback_records AS other
        WHERE other.namespace = postback_transfers.namespace
            AND other.project = postback_transfers.project
            AND other.id = postback_transfers.id
            AND other.credited
    );
