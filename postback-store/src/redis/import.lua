-- Records an effect as done although it did not run, unless it is recorded.
-- KEYS: effect, pending, possible duplicates, done
-- ARGV: digest of no fields; namespace, project, id, name of the effect
-- Returns 1 if the effect was recorded.
local effect, pending, duplicates, done = unpack(KEYS)
local digest, namespace, project, id, name = unpack(ARGV)
if redis.call('EXISTS', effect) == 1 then
    return 0
end
redis.call('HSET', effect, 'digest', digest,
    'namespace', namespace, 'project', project, 'id', id, 'name', name,
    'recorded_at', now, 'token', 0, 'leased_at', now, 'leased_until', 0, 'done_at', now)
-- The effect may have been deleted by hand. It has no payload to prune.
for _, index in ipairs({ pending, duplicates, done }) do
    redis.call('ZREM', index, effect)
end
return 1
