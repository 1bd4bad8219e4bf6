-- Makes the lease with this token end later, unless a later lease was given, the lease was released
-- or the effect is done. A lease that has ended by its time is in force again.
-- KEYS: effect, pending
-- ARGV: token, length from now in milliseconds
-- Returns 1 if the lease was extended.
local effect, pending = unpack(KEYS)
local token, length = unpack(ARGV)
local leased_until = tonumber(redis.call('HGET', effect, 'leased_until') or 0)
if not is_latest(effect, token) or leased_until == 0 then
    return 0
end
-- A lease that began in the future is from before the clock was set back: it starts again.
local ahead = math.max(tonumber(redis.call('HGET', effect, 'leased_at')) - now, 0)
leased_until = math.max(leased_until - ahead, now + length)
redis.call('HSET', effect, 'leased_at', now, 'leased_until', leased_until)
redis.call('ZADD', pending, 'XX', now, effect)
return 1
