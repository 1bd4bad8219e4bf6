-- Drops the payloads of records that are credited and were written before a time.
-- $1 the time in Unix seconds
UPDATE postback_records
SET payload = NULL
WHERE recorded_at < $1 AND payload IS NOT NULL AND credited;
