-- Drops the payloads of some deliveries that were resolved and were recorded before a time.
-- $1 the time in Unix seconds, $2 maximum number of deliveries
UPDATE postback_reviews
SET payload = ''
WHERE ctid = ANY(ARRAY(
    SELECT ctid
    FROM postback_reviews
    WHERE recorded_at < $1 AND payload <> '' AND resolved_at IS NOT NULL
    LIMIT $2
    FOR UPDATE SKIP LOCKED
));
