-- Drops the payloads of some deliveries that are listed no longer and were recorded before a time:
-- they were resolved, or their payment was credited, which resolves them.
-- $1 the time in Unix seconds, $2 maximum number of deliveries
UPDATE postback_reviews
SET payload = '', resolved_at = coalesce(resolved_at, recorded_at)
WHERE ctid = ANY(ARRAY(
    SELECT ctid
    FROM postback_reviews AS review
    WHERE recorded_at < $1
        AND payload <> ''
        AND (
            resolved_at IS NOT NULL
            OR (
                reason <> 'conflict'
                AND NOT EXISTS (
                    SELECT 1
                    FROM postback_records AS record
                    WHERE record.namespace = review.namespace
                        AND record.project = review.project
                        AND record.id = review.id
                        AND NOT record.credited
                )
            )
        )
    LIMIT $2
    FOR UPDATE OF review SKIP LOCKED
));
