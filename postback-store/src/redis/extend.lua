-- Extends the lease with this token, if it is in force.
-- KEYS: effect
-- ARGV: token, length from now in milliseconds
-- Returns 1 if the lease was extended.
if not is_held(KEYS[1], ARGV[1]) then
    return 0
end
redis.call('HSET', KEYS[1], 'leased_at', now, 'leased_until', now + ARGV[2])
return 1
