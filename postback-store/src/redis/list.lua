-- The time, and what is not done: first what was last tried the longest ago, then possible duplicates.
local left = tonumber(ARGV[1])
local list = { now }
for _, index in ipairs(KEYS) do
    local from = 0
    -- To -1 would be to the last.
    while left > 0 do
        local effects = redis.call('ZRANGE', index, from, from + left - 1)
        if #effects == 0 then
            break
        end
        for _, effect in ipairs(effects) do
            local row = redis.call('HMGET', effect, 'namespace', 'project', 'id', 'payload', 'recorded_at', 'token',
                'leased_at', 'leased_until', 'duplicate_of')
            if row[1] then
                table.insert(list, row)
                left = left - 1
                from = from + 1
            else
                -- It was deleted by hand.
                redis.call('ZREM', index, effect)
            end
        end
    end
end
return list
