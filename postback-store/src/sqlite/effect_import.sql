-- Records the effect of an old payment as done, unless it is recorded.
-- $1 namespace, $2 project, $3 id, $4 name, $5 digest, $6 the time in Unix milliseconds
INSERT INTO postback_effects
    (namespace, project, id, name, credited, digest, recorded_at,
     token, leased_at, leased_until, done_at)
VALUES (
    $1, $2, $3, $4, TRUE, $5, $6,
    0, $6, 0, $6
)
ON CONFLICT (namespace, project, id, name) DO NOTHING;
