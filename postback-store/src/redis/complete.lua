if not is_held(KEYS[1], ARGV[1]) then
    return 0
end
finish(KEYS[1], KEYS[2], KEYS[3])
return 1
