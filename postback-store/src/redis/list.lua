-- Lists the effects that are not done, at most ARGV[1]: first those that were tried the longest ago,
-- last the possible duplicates. Returns the time and the rows.
local left = tonumber(ARGV[1])
local rows = {}
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
                table.insert(rows, row)
                left = left - 1
                from = from + 1
            else
                -- It was deleted by hand.
                redis.call('ZREM', index, effect)
            end
        end
    end
end
return { now, rows }
