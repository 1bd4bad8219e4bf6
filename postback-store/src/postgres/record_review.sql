-- Changes the record of a payment from credited to for review.
-- $1 namespace, $2 project, $3 id
UPDATE postback_records
SET credited = FALSE
WHERE namespace = $1 AND project = $2 AND id = $3;
