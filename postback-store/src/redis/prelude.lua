-- Begins each script.

-- The server's time in Unix milliseconds.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- Returns true if the lease with this token is the latest of an effect that is not done.
local function is_latest(effect, token)
    local row = redis.call('HMGET', effect, 'token', 'done_at')
    return row[1] == token and not row[2]
end

-- Records an effect as done.
local function finish(effect, pending, duplicates, done)
    redis.call('HSET', effect, 'done_at', now)
    redis.call('ZREM', duplicates, effect)
    redis.call('ZREM', pending, effect)
    redis.call('ZADD', done, redis.call('HGET', effect, 'recorded_at'), effect)
end
