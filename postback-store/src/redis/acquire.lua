-- Records an effect if it was delivered and is not recorded, and leases it if it can run.
-- KEYS: effect, pending, possible duplicates, done, and the transfer if the payment has one
-- ARGV: length of the lease in milliseconds; digest and payload of the delivery, or two empty
-- texts; namespace, project, id, name of the effect
-- Returns the token, or 0 if the effect was not leased; its digest, or false if there is no effect;
-- true if it is done; the id that it may be a duplicate of; the milliseconds until its lease ends.
local effect, pending, duplicates, done, transfer = unpack(KEYS)
local length, delivered, payload, namespace, project, id, name = unpack(ARGV)

if delivered ~= '' and redis.call('EXISTS', effect) == 0 then
    redis.call('HSET', effect, 'digest', delivered, 'payload', payload,
        'namespace', namespace, 'project', project, 'id', id, 'name', name,
        'recorded_at', now, 'token', 0, 'leased_at', now, 'leased_until', 0)
    redis.call('ZADD', pending, now, effect)
    -- The effect may have been deleted by hand.
    redis.call('ZREM', duplicates, effect)
    redis.call('ZREM', done, effect)
    if transfer and not redis.call('SET', transfer, id, 'NX') then
        local of = redis.call('GET', transfer)
        if of ~= id then
            redis.call('HSET', effect, 'duplicate_of', of)
            redis.call('ZREM', pending, effect)
            redis.call('ZADD', duplicates, now, effect)
        end
    end
end

local row = redis.call('HMGET', effect, 'digest', 'done_at', 'duplicate_of', 'leased_at',
    'leased_until')
local digest, done_at, duplicate_of = row[1], row[2], row[3]
if not digest then
    return { 0, false, false, false, 0 }
end
local leased_at, leased_until = tonumber(row[4]), tonumber(row[5])
if now < leased_at and leased_at < leased_until then
    -- The clock was set back, and the lease would last longer by as much: it starts again.
    leased_until = now + leased_until - leased_at
    redis.call('HSET', effect, 'leased_at', now, 'leased_until', leased_until)
    redis.call('ZADD', pending, 'XX', now, effect)
end
local is_free = leased_until <= now and not done_at and not duplicate_of
if is_free and (delivered == '' or delivered == digest) then
    redis.call('HSET', effect, 'leased_at', now, 'leased_until', now + length)
    redis.call('ZADD', pending, now, effect)
    return { redis.call('HINCRBY', effect, 'token', 1), digest, false, false, 0 }
end
return { 0, digest, done_at and true, duplicate_of, math.max(leased_until - now, 0) }
