-- Begins each script.

-- The server's time in Unix milliseconds.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- Returns true if the lease of an effect with this token is in force.
local function is_held(effect, token)
    local row = redis.call('HMGET', effect, 'token', 'done_at', 'leased_until')
    return row[1] == token and not row[2] and tonumber(row[3]) > now
end

-- Records an effect as done.
local function finish(effect, pending, duplicates, done)
    redis.call('HSET', effect, 'done_at', now)
    redis.call('ZREM', duplicates, effect)
    redis.call('ZREM', pending, effect)
    redis.call('ZADD', done, redis.call('HGET', effect, 'recorded_at'), effect)
end
