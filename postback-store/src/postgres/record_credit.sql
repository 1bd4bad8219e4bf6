-- Changes the record of a payment from for review to credited.
-- $1 namespace, $2 project, $3 id
UPDATE postback_records
SET credited = TRUE
WHERE namespace = $1 AND project = $2 AND id = $3 AND NOT credited;
