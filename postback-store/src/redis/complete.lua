-- Records an effect as done, if the lease with this token is in force.
-- KEYS: effect, pending, possible duplicates, done
-- ARGV: token
-- Returns 1 if the effect is done under this token, also when the script runs again.
local effect, pending, duplicates, done = unpack(KEYS)
local row = redis.call('HMGET', effect, 'token', 'done_at')
if row[1] == ARGV[1] and row[2] then
    -- The script ran before, and its reply was lost.
    return 1
end
if not is_held(effect, ARGV[1]) then
    return 0
end
finish(effect, pending, duplicates, done)
return 1
