local row = redis.call('HMGET', KEYS[1], 'done_at', 'leased_until')
if row[1] or not row[2] or tonumber(row[2]) > now then
    return 0
end
finish(KEYS[1], KEYS[2], KEYS[3])
return 1
