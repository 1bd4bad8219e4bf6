-- Reads the record of a payment.
-- $1 namespace, $2 project, $3 id
SELECT credited, digest, payload, recorded_at
FROM postback_records
WHERE namespace = $1 AND project = $2 AND id = $3;
