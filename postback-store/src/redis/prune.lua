-- Drops the payloads of effects that are done.
-- KEYS: done, and the effects
-- Returns the number of payloads that were dropped.
local pruned = 0
for at = 2, #KEYS do
    pruned = pruned + redis.call('HDEL', KEYS[at], 'payload')
    redis.call('ZREM', KEYS[1], KEYS[at])
end
return pruned
