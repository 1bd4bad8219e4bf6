-- Writes the delivery that a person has looked at as the credited record of its payment, if the
-- record is for review.
-- $1 namespace, $2 project, $3 id, $4 digest, $5 payload, $6 recorded_at in Unix seconds
UPDATE postback_records
SET credited = TRUE, digest = $4, payload = $5, recorded_at = $6
WHERE namespace = $1 AND project = $2 AND id = $3 AND NOT credited;
