-- Records an effect as done, unless a later lease was given. A repeated call returns the same.
-- KEYS: effect, pending, possible duplicates, done
-- ARGV: token
-- Returns 2 if the effect is done under this token and was done before its lease ended, 1 if its
-- lease had ended, 0 if a later lease was given.
local effect, pending, duplicates, done = unpack(KEYS)
local row = redis.call('HMGET', effect, 'token', 'done_at', 'leased_until')
local token, done_at, leased_until = row[1], tonumber(row[2]), tonumber(row[3])
if token ~= ARGV[1] then
    return 0
end
if not done_at then
    finish(effect, pending, duplicates, done)
    done_at = now
end
return done_at < leased_until and 2 or 1
