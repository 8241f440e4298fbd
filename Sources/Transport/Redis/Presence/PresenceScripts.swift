/// What Redis does as one step, so that keys that belong together change together.
///
/// Each step is there twice, put together of the same pieces: for a single Redis with all its keys, and for a Redis Cluster with those of
/// one slot, where plain commands do the rest.
enum PresenceScripts {
    /// Redis' clock in milliseconds; a user's presence as a table or nil; taking away the user's sockets on an instance; having the
    /// presence name another instance with a socket. KEYS: the user's sockets, the user's presence.
    static let user = """
        local time = redis.call('TIME')
        local now = time[1] * 1000 + math.floor(time[2] / 1000)
        local function decoded(key)
            local text = redis.call('GET', key)
            local ok, value = pcall(cjson.decode, text or '')
            if ok and type(value) == 'table' then return value end
        end
        local function removeSockets(instance)
            for _, socket in ipairs(redis.call('SMEMBERS', KEYS[1])) do
                if string.sub(socket, 1, #instance + 1) == instance .. '/' then redis.call('SREM', KEYS[1], socket) end
            end
        end
        local function leave(presence, instance, expiry)
            if not presence or presence.instanceId ~= instance then return end
            presence.instanceId = string.match(redis.call('SRANDMEMBER', KEYS[1]), '^(.*)/')
            redis.call('SET', KEYS[2], cjson.encode(presence), 'EX', expiry)
        end
        """
}

// A user comes.
extension PresenceScripts {
    private static let addSockets = """
        local before = redis.call('SCARD', KEYS[1])
        for i = 7, #ARGV do redis.call('SADD', KEYS[1], ARGV[i]) end
        redis.call('EXPIRE', KEYS[1], ARGV[3])
        """
    private static let writePresence = """
        local status = ARGV[4]
        if before > 0 then
            local old = decoded(KEYS[2])
            if old and type(old.status) == 'string' and old.status ~= 'offline' then status = old.status end
        end
        redis.call('SET', KEYS[2], ARGV[5] .. status .. ARGV[6], 'EX', ARGV[3])
        """
    private static let answerOnline = "return {before == 0 and 1 or 0, status, now}"

    /// KEYS: sockets, presence, online_users, instance_users, instances. ARGV: user, instance, expiry, status, the presence's text before
    /// and after its status, sockets.
    static let online = PresenceScript(
        user,
        addSockets,
        """
        redis.call('SADD', KEYS[4], ARGV[1])
        redis.call('SADD', KEYS[5], ARGV[2])
        """,
        writePresence,
        """
        redis.call('SADD', KEYS[3], ARGV[1])
        """,
        answerOnline
    )

    /// KEYS: sockets, presence. ARGV: as of `online`.
    static let onlineInSlot = PresenceScript(user, addSockets, writePresence, answerOnline)
}

// A user goes.
extension PresenceScripts {
    private static let takeSockets = """
        for i = 6, #ARGV do redis.call('SREM', KEYS[1], ARGV[i]) end
        if ARGV[4] == '1' then removeSockets(ARGV[2]) end
        local left = redis.call('SCARD', KEYS[1])
        """
    private static let endPresence = """
        if left == 0 then
            redis.call('SET', KEYS[2], ARGV[5], 'EX', ARGV[3])
        elseif ARGV[4] == '1' then
            leave(decoded(KEYS[2]), ARGV[2], ARGV[3])
        end
        return {left == 0 and 1 or 0, 'offline', now}
        """

    /// KEYS: sockets, presence, online_users, instance_users. ARGV: user, instance, expiry, whether it has no socket there any more, the
    /// presence's text, sockets.
    static let offline = PresenceScript(
        user,
        takeSockets,
        """
        if ARGV[4] == '1' then redis.call('SREM', KEYS[4], ARGV[1]) end
        if left == 0 then redis.call('SREM', KEYS[3], ARGV[1]) end
        """,
        endPresence
    )

    /// KEYS: sockets, presence. ARGV: as of `offline`.
    static let offlineInSlot = PresenceScript(user, takeSockets, endPresence)
}

// A user stays.
extension PresenceScripts {
    /// KEYS: sockets, presence. ARGV: expiry, status, the presence's text.
    static let status = PresenceScript(
        user,
        """
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
