-- Makes the lease with this token end at another time, unless a later lease was given or the effect
-- is done.
-- KEYS: effect, pending
-- ARGV: token, length from now in milliseconds
-- Returns 1 if the lease was extended.
local effect, pending = unpack(KEYS)
local token, length = unpack(ARGV)
if not is_latest(effect, token) then
    return 0
end
redis.call('HSET', effect, 'leased_at', now, 'leased_until', now + length)
redis.call('ZADD', pending, 'XX', now, effect)
return 1
