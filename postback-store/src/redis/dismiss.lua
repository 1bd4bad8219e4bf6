-- Records an effect as done although it did not run, unless it is done or a worker holds it. The
-- token rises, so that a late worker cannot complete it.
-- KEYS: effect, pending, possible duplicates, done
-- Returns 1 if the effect was dismissed.
local effect, pending, duplicates, done = unpack(KEYS)
local row = redis.call('HMGET', effect, 'done_at', 'leased_until')
if row[1] or not row[2] or tonumber(row[2]) > now then
    return 0
end
redis.call('HINCRBY', effect, 'token', 1)
finish(effect, pending, duplicates, done)
return 1
