/// The steps that Redis takes as one, so that keys that belong together change together.
enum PresenceScripts {
    /// Redis' clock in milliseconds, and a user's presence as a table or nil.
    private static let common = """
        local time = redis.call('TIME')
        local now = time[1] * 1000 + math.floor(time[2] / 1000)
        local function decoded(key)
            local text = redis.call('GET', key)
            local ok, value = pcall(cjson.decode, text or '')
            if ok and type(value) == 'table' then return value end
        end

        """

    /// KEYS: sockets, presence, online_users, instance_users, instances. ARGV: user, instance, expiry, status, the presence's text before
    /// and after its status, sockets.
    static let online = PresenceScript(
        common + """
            local before = redis.call('SCARD', KEYS[1])
            for i = 7, #ARGV do redis.call('SADD', KEYS[1], ARGV[i]) end
            redis.call('EXPIRE', KEYS[1], ARGV[3])
            redis.call('SADD', KEYS[4], ARGV[1])
            redis.call('SADD', KEYS[5], ARGV[2])
            local status = ARGV[4]
            if before > 0 then
                local old = decoded(KEYS[2])
                if old and type(old.status) == 'string' and old.status ~= 'offline' then status = old.status end
            end
            redis.call('SET', KEYS[2], ARGV[5] .. status .. ARGV[6], 'EX', ARGV[3])
            redis.call('SADD', KEYS[3], ARGV[1])
            return {before == 0 and 1 or 0, status, now}
            """
    )

    /// KEYS: sockets, presence, online_users, instance_users. ARGV: user, instance, expiry, whether it has no socket there any more, the
    /// presence's text, sockets.
    static let offline = PresenceScript(
        common + """
            for i = 6, #ARGV do redis.call('SREM', KEYS[1], ARGV[i]) end
            if ARGV[4] == '1' then
                redis.call('SREM', KEYS[4], ARGV[1])
                for _, socket in ipairs(redis.call('SMEMBERS', KEYS[1])) do
                    if string.sub(socket, 1, #ARGV[2] + 1) == ARGV[2] .. '/' then redis.call('SREM', KEYS[1], socket) end
                end
            end
            local left = redis.call('SCARD', KEYS[1])
            if left == 0 then
                redis.call('SREM', KEYS[3], ARGV[1])
                redis.call('SET', KEYS[2], ARGV[5], 'EX', ARGV[3])
            elseif ARGV[4] == '1' then
                local presence = decoded(KEYS[2])
                if presence and presence.instanceId == ARGV[2] then
                    presence.instanceId = string.match(redis.call('SRANDMEMBER', KEYS[1]), '^(.*)/')
                    redis.call('SET', KEYS[2], cjson.encode(presence), 'EX', ARGV[3])
                end
            end
            return {left == 0 and 1 or 0, 'offline', now}
            """
    )

    /// KEYS: sockets, presence. ARGV: expiry, status, the presence's text.
    static let status = PresenceScript(
        common + """
            if redis.call('SCARD', KEYS[1]) == 0 then return {0, ARGV[2], now} end
            local old = decoded(KEYS[2])
            redis.call('SET', KEYS[2], ARGV[3], 'EX', ARGV[1])
            return {(old and old.status == ARGV[2]) and 0 or 1, ARGV[2], now}
            """
    )

    /// KEYS: online_users, instance_users, then sockets and presence of each user. ARGV: expiry, users. Answers who misses something.
    static let refresh = PresenceScript(
        """
        local missing = {}
        for i = 2, #ARGV do
            local sockets = redis.call('EXPIRE', KEYS[2 * i - 1], ARGV[1])
            local presence = redis.call('EXPIRE', KEYS[2 * i], ARGV[1])
            if sockets == 1 and presence == 1 then
                redis.call('SADD', KEYS[1], ARGV[i])
                redis.call('SADD', KEYS[2], ARGV[i])
            else
                missing[#missing + 1] = ARGV[i]
            end
        end
        return missing
        """
    )
}

extension PresenceScripts {
    private static let lease = """
        local text = redis.call('GET', KEYS[1])
        local ok, lease = pcall(cjson.decode, text or '')
        local boot = ok and type(lease) == 'table' and type(lease.boot) == 'string' and lease.boot

        """

    /// KEYS: lease, instances, reaped, instance_users. ARGV: lease's text, lifetime, instance, boot, 1 for a process's first claim.
    static let claim = PresenceScript(
        lease + """
            if boot and boot ~= ARGV[4] then return {0, text} end
            if ARGV[5] == '1' and not boot and redis.call('EXISTS', KEYS[4]) == 1 then return {2} end
            redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
            redis.call('SADD', KEYS[2], ARGV[3])
            return {1, redis.call('DEL', KEYS[3])}
            """
    )

    /// KEYS: lease, instances. ARGV: lease's text, lifetime, instance, boot.
    static let renew = PresenceScript(
        lease + """
            if not boot then return {0} end
            if boot ~= ARGV[4] then return {2, text} end
            redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
            redis.call('SADD', KEYS[2], ARGV[3])
            return {1}
            """
    )

    /// KEYS: lease, instances, instance_users. ARGV: instance, boot. Who still has users listed is left to be reaped.
    static let release = PresenceScript(
        lease + """
            if boot ~= ARGV[2] then return 0 end
            redis.call('DEL', KEYS[1])
            if redis.call('EXISTS', KEYS[3]) == 0 then redis.call('SREM', KEYS[2], ARGV[1]) end
            return 1
            """
    )

    /// KEYS: lease. ARGV: the lease's text as it was.
    static let endLease = PresenceScript(
        """
        local text = redis.call('GET', KEYS[1])
        if text and text ~= ARGV[1] then return 0 end
        redis.call('DEL', KEYS[1])
        return 1
        """
    )

    /// KEYS: instances, own lease. ARGV: instance, what comes before it in the key of a lease. Answers whether the own lease is there and
    /// listed, and who is listed without a lease.
    static let scan = PresenceScript(
        """
        local expired = {}
        for _, id in ipairs(redis.call('SMEMBERS', KEYS[1])) do
            if redis.call('EXISTS', ARGV[2] .. id) == 0 then expired[#expired + 1] = id end
        end
        local own = redis.call('EXISTS', KEYS[2]) == 1 and redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 1
        return {own and 1 or 0, expired}
        """
    )
}

extension PresenceScripts {
    /// KEYS: lease, sockets, presence, online_users. ARGV: dead instance, user, expiry, time. Takes the user's sockets there away; the
    /// user stays listed with the instance until the others have been told, so that nobody is forgotten where the reaper dies.
    static let reapUser = PresenceScript(
        common + """
            if redis.call('EXISTS', KEYS[1]) == 1 then return {-1, now} end
            for _, socket in ipairs(redis.call('SMEMBERS', KEYS[2])) do
                if string.sub(socket, 1, #ARGV[1] + 1) == ARGV[1] .. '/' then redis.call('SREM', KEYS[2], socket) end
            end
            local presence = decoded(KEYS[3]) or {userId = ARGV[2], username = '', lastSeen = ARGV[4]}
            local username = type(presence.username) == 'string' and presence.username or ''
            if redis.call('SCARD', KEYS[2]) > 0 then
                if presence.instanceId == ARGV[1] then
                    presence.instanceId = string.match(redis.call('SRANDMEMBER', KEYS[2]), '^(.*)/')
                    redis.call('SET', KEYS[3], cjson.encode(presence), 'EX', ARGV[3])
                end
                return {0, now, username}
            end
            redis.call('SREM', KEYS[4], ARGV[2])
            presence.status = 'offline'
            presence.instanceId = ARGV[1]
            presence.lastSeen = ARGV[4]
            redis.call('SET', KEYS[3], cjson.encode(presence), 'EX', ARGV[3])
            return {1, now, username}
            """
    )

    /// KEYS: lease, instance_users, reaper. ARGV: how long the reaper's lock lasts, users. Answers how many are left.
    static let reapedUsers = PresenceScript(
        """
        if redis.call('EXISTS', KEYS[1]) == 1 then return -1 end
        for i = 2, #ARGV do redis.call('SREM', KEYS[2], ARGV[i]) end
        redis.call('PEXPIRE', KEYS[3], ARGV[1])
        return redis.call('SCARD', KEYS[2])
        """
    )

    /// KEYS: lease, instance_users, instances, reaped, reaper. ARGV: dead instance, expiry. Answers 0 where it is not over, and 2 where
    /// another reaper had ended it.
    static let reapedInstance = PresenceScript(
        """
        redis.call('DEL', KEYS[5])
        if redis.call('EXISTS', KEYS[1]) == 1 or redis.call('SCARD', KEYS[2]) > 0 then return 0 end
        redis.call('SET', KEYS[4], '1', 'EX', ARGV[2])
        return redis.call('SREM', KEYS[3], ARGV[1]) == 1 and 1 or 2
        """
    )
}
