-- Holds the record of a payment for review: it is not credited.
-- $1 namespace, $2 project, $3 id
UPDATE postback_records
SET credited = FALSE
WHERE namespace = $1 AND project = $2 AND id = $3;
