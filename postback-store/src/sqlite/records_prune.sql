-- Drops the payloads of some records that were written before a time: of those that are credited,
-- and of those for review that a person has resolved.
-- $1 the time in Unix seconds, $2 maximum number of records
UPDATE postback_records
SET payload = NULL
WHERE rowid IN (
    SELECT rowid
    FROM postback_records AS record
    WHERE recorded_at < $1
        AND payload IS NOT NULL
        AND (
            credited
            OR (
                EXISTS (
                    SELECT 1
                    FROM postback_reviews AS review
                    WHERE review.namespace = record.namespace
                        AND review.project = record.project
                        AND review.id = record.id
                        AND review.digest = record.digest
                        AND review.resolved_at IS NOT NULL
                )
                AND NOT EXISTS (
                    SELECT 1
                    FROM postback_reviews AS review
                    WHERE review.namespace = record.namespace
                        AND review.project = record.project
                        AND review.id = record.id
                        AND review.digest = record.digest
                        AND review.resolved_at IS NULL
                )
            )
        )
    LIMIT $2
);
