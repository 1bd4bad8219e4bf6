-- Records an effect as done, unless a later lease was given, also after its lease has ended. A
-- repeated statement changes the same row again, and keeps the first time.
-- $1 namespace, $2 project, $3 id, $4 name, $5 token, $6 the time in Unix milliseconds
UPDATE postback_effects
SET done_at = coalesce(done_at, $6)
WHERE namespace = $1 AND project = $2 AND id = $3 AND name = $4
    AND token = $5
RETURNING done_at >= leased_until AS is_late;
