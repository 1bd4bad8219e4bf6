-- Lets a possible duplicate run, unless it is done.
-- KEYS: effect, pending, possible duplicates
-- Returns 1 if the effect was a possible duplicate.
local effect, pending, duplicates = unpack(KEYS)
local row = redis.call('HMGET', effect, 'done_at', 'duplicate_of', 'leased_at')
if row[1] or not row[2] then
    return 0
end
redis.call('HDEL', effect, 'duplicate_of')
redis.call('ZREM', duplicates, effect)
redis.call('ZADD', pending, row[3], effect)
return 1
