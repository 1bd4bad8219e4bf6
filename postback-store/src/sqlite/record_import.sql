-- Writes the record of an old payment as credited, unless there is one.
-- $1 namespace, $2 project, $3 id, $4 digest, $5 recorded_at in Unix seconds
INSERT INTO postback_records (namespace, project, id, credited, digest, recorded_at)
VALUES ($1, $2, $3, TRUE, $4, $5)
ON CONFLICT (namespace, project, id) DO NOTHING;
