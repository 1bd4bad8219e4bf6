local effect, pending, duplicates, done = unpack(KEYS)
local row = redis.call('HMGET', effect, 'done_at', 'leased_until')
if row[1] or not row[2] or tonumber(row[2]) > now then
    return 0
end
redis.call('HINCRBY', effect, 'token', 1)
finish(effect, pending, duplicates, done)
return 1
