-- Lists effects that are not done, those with the oldest attempt first: either possible duplicates
-- or the others.
-- $1 namespace, $2 project and $3 name, or NULL for all, $4 whether to list effects that a worker
-- holds, $5 1 to list possible duplicates, 0 to list the others, $6 maximum number of effects
-- Lists those that follow a position, and were begun before the first page was listed, or in the
-- future: those are from before the clock was set back.
-- $7 leased_at, $8 namespace, $9 project, $10 id, $11 name, $12 time of the first page in Unix
-- milliseconds
SELECT
    namespace, project, id, name, credited, payload, recorded_at, token, duplicate_of,
    leased_at, leased_until, (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now
FROM postback_effects
WHERE done_at IS NULL
    AND (CASE WHEN duplicate_of IS NULL THEN 0 ELSE 1 END) = $5
    AND (leased_at, namespace, project, id, name) > ($7, $8, $9, $10, $11)
    AND (leased_at < $12 OR leased_at > (extract(epoch FROM clock_timestamp()) * 1000)::bigint)
    AND ($1::text IS NULL OR namespace = $1)
    AND ($2::text IS NULL OR project = $2)
    AND ($3::text IS NULL OR name = $3)
    AND (
        $4
        OR leased_until <= (extract(epoch FROM clock_timestamp()) * 1000)::bigint
        OR leased_at > (extract(epoch FROM clock_timestamp()) * 1000)::bigint
    )
ORDER BY leased_at, namespace, project, id, name
LIMIT $6;
