if not is_held(KEYS[1], ARGV[1]) then
    return 0
end
redis.call('HSET', KEYS[1], 'leased_until', 0)
return 1
