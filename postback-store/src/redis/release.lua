-- Ends the lease with this token, if it is in force.
-- KEYS: effect
-- ARGV: token
-- Returns 1 if the lease was ended.
if not is_held(KEYS[1], ARGV[1]) then
    return 0
end
redis.call('HSET', KEYS[1], 'leased_until', 0)
return 1
