-- Ends the lease with this token, unless a later lease was given or the effect is done.
-- KEYS: effect
-- ARGV: token
-- Returns 1 if the lease was ended.
if not is_latest(KEYS[1], ARGV[1]) then
    return 0
end
redis.call('HSET', KEYS[1], 'leased_until', 0)
return 1
