-- The server's time, in Unix milliseconds.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- Whether the lease of an effect with this token is in force.
local function is_held(effect, token)
    local row = redis.call('HMGET', effect, 'token', 'done_at', 'leased_until')
    return row[1] == token and not row[2] and tonumber(row[3]) > now
end

-- What an effect said is not needed again, if it is there.
local function supersede(effect, unfinished, done)
    local recorded_at = redis.call('HGET', effect, 'recorded_at')
    redis.call('ZREM', unfinished, effect)
    if recorded_at then
        redis.call('ZADD', done, recorded_at, effect)
    end
end

local function finish(effect, unfinished, suspects, done)
    redis.call('HSET', effect, 'done_at', now)
    redis.call('ZREM', suspects, effect)
    supersede(effect, unfinished, done)
end
