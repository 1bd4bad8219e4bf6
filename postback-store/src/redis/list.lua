-- Reads the next effects of an index, at most 1,000, and returns those that are selected. It
-- changes nothing, and does not block the server for long.
-- KEYS: index
-- ARGV: score and name of the effect that they follow, or '-inf' and an empty text; time in Unix
-- milliseconds before which they were begun, or an empty text; maximum number to return; namespace,
-- project and name of the effect, each with '=' before it, or an empty text for all; '1' to return
-- those that a worker holds
-- Returns the time in Unix milliseconds; the score and the name of the last effect that was read,
-- or false if there are no more; and a row for each effect that is selected.
local index = KEYS[1]
local after_score, after, begun_before, left, namespace, project, name, with_held = unpack(ARGV)
begun_before, left = tonumber(begun_before) or math.huge, tonumber(left)
local COUNT = 1000

-- Compares the bytes, because Lua compares texts as the locale does, and a sorted set does not.
local function is_greater(one, other)
    for at = 1, math.min(#one, #other) do
        local of_one, of_other = one:byte(at), other:byte(at)
        if of_one ~= of_other then
            return of_one > of_other
        end
    end
    return #one > #other
end

-- Effects of one score are in the order of their names.
local from = redis.call('ZCOUNT', index, '-inf', '(' .. after_score)
local to = redis.call('ZCOUNT', index, '-inf', after_score)
while from < to do
    local middle = math.floor((from + to) / 2)
    if is_greater(redis.call('ZRANGE', index, middle, middle)[1], after) then
        to = middle
    else
        from = middle + 1
    end
end

local function selects(wanted, text)
    return wanted == '' or wanted == '=' .. text
end

-- A lease that began in the future is from before the clock was set back.
local function is_future(time)
    return tonumber(time) > now
end

local effects = redis.call('ZRANGE', index, from, from + COUNT - 1, 'WITHSCORES')
local last = false
local rows = {}
for at = 1, #effects, 2 do
    local effect, score = effects[at], effects[at + 1]
    if #rows == left then
        return { now, last, rows }
    end
    last = { score, effect }
    local row = redis.call('HMGET', effect, 'namespace', 'project', 'id', 'name', 'recorded_at',
        'token', 'leased_at', 'leased_until', 'duplicate_of')
    -- An effect that was deleted by hand has no namespace.
    if row[1] and selects(namespace, row[1]) and selects(project, row[2])
        and selects(name, row[4])
        and (tonumber(score) < begun_before or is_future(score))
        and (with_held == '1' or tonumber(row[8]) <= now or is_future(row[7])) then
        table.insert(row, redis.call('HGET', effect, 'payload'))
        table.insert(rows, row)
    end
end
return { now, #effects == 2 * COUNT and last, rows }
