-- Lists the effects that are not done: those with the oldest attempt first, possible duplicates
-- last.
-- $1 maximum number of effects
SELECT
    namespace, project, id, credited, payload, recorded_at, token, duplicate_of,
    leased_at, leased_until, (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now
FROM postback_effects
WHERE done_at IS NULL
ORDER BY duplicate_of IS NOT NULL, leased_at, namespace, project, id
LIMIT $1;
