-- Changes the record of a payment from for review to credited, if it has the digest that a person
-- has looked at.
-- $1 namespace, $2 project, $3 id, $4 digest
UPDATE postback_records
SET credited = TRUE
WHERE namespace = $1 AND project = $2 AND id = $3 AND digest = $4 AND NOT credited;
