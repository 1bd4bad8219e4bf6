-- The time, and what is not done: first what was tried the longest ago, then possible duplicates.
local left = tonumber(ARGV[1])
local list = { now }
for _, index in ipairs(KEYS) do
    -- To -1 would be to the last.
    local effects = left > 0 and redis.call('ZRANGE', index, 0, left - 1) or {}
    for _, effect in ipairs(effects) do
        local row = redis.call('HMGET', effect, 'namespace', 'scope', 'id', 'finality', 'event', 'recorded_at',
            'token', 'leased_at', 'leased_until', 'duplicate_of')
        if row[1] then
            table.insert(list, row)
            left = left - 1
        else
            -- Somebody deleted it.
            redis.call('ZREM', index, effect)
        end
    end
end
return list
