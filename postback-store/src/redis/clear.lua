if redis.call('HEXISTS', KEYS[1], 'done_at') == 1 then
    return 0
end
return redis.call('HDEL', KEYS[1], 'duplicate_of')
