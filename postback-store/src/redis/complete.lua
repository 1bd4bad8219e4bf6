local effect, pending, duplicates, done = unpack(KEYS)
local row = redis.call('HMGET', effect, 'token', 'done_at')
if row[1] == ARGV[1] and row[2] then
    -- It was called before, and the reply was lost.
    return 1
end
if not is_held(effect, ARGV[1]) then
    return 0
end
finish(effect, pending, duplicates, done)
return 1
