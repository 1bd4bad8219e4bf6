-- Lists effects that are not done: those with the oldest attempt first, possible duplicates last.
-- $1 namespace, $2 project and $3 name, or NULL for all, $4 whether to list effects that a worker
-- holds, $5 whether to list possible duplicates, $6 maximum number of effects
-- Lists those that follow a position, and were begun before the first page was listed.
-- $7 whether it is a possible duplicate, $8 leased_at, $9 namespace, $10 project, $11 id, $12 name,
-- $13 time of the first page in Unix milliseconds, $14 the time in Unix milliseconds
SELECT
    namespace, project, id, name, credited, payload, recorded_at, token, duplicate_of,
    duplicate_of IS NOT NULL AS is_possible_duplicate,
    leased_at, leased_until, $14 AS now
FROM postback_effects
WHERE done_at IS NULL
    AND ($1 IS NULL OR namespace = $1)
    AND ($2 IS NULL OR project = $2)
    AND ($3 IS NULL OR name = $3)
    AND ($4 OR leased_until <= $14)
    AND ($5 OR duplicate_of IS NULL)
    AND (duplicate_of IS NOT NULL, leased_at, namespace, project, id, name)
        > ($7, $8, $9, $10, $11, $12)
    AND leased_at < $13
ORDER BY duplicate_of IS NOT NULL, leased_at, namespace, project, id, name
LIMIT $6;
