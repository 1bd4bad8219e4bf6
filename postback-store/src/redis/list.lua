-- Lists the effects that are not done: those with the oldest attempt first, possible duplicates
-- last.
-- KEYS: pending, possible duplicates
-- ARGV: maximum number of effects
-- Returns the time in Unix milliseconds, and a row for each effect.
local left = tonumber(ARGV[1])
local rows = {}
for _, index in ipairs(KEYS) do
    local from = 0
    -- With nothing left, the range would end at -1, which is the last one.
    while left > 0 do
        local effects = redis.call('ZRANGE', index, from, from + left - 1)
        if #effects == 0 then
            break
        end
        for _, effect in ipairs(effects) do
            local row = redis.call('HMGET', effect, 'namespace', 'project', 'id', 'payload',
                'recorded_at', 'token', 'leased_at', 'leased_until', 'duplicate_of')
            if row[1] then
                table.insert(rows, row)
                left = left - 1
                from = from + 1
            else
                -- The effect was deleted by hand.
                redis.call('ZREM', index, effect)
            end
        end
    end
end
return { now, rows }
