-- Drops the payloads of some records that are credited and were written before a time.
-- $1 the time in Unix seconds, $2 maximum number of records
UPDATE postback_records
SET payload = NULL
WHERE ctid = ANY(ARRAY(
    SELECT ctid
    FROM postback_records
    WHERE recorded_at < $1 AND payload IS NOT NULL AND credited
    LIMIT $2
    FOR UPDATE SKIP LOCKED
));
