extension PresenceScripts {
    /// KEYS: lease, reaped, reaper. ARGV: expiry. The mark comes before anybody is taken offline: an instance that is back while it is
    /// reaped has to learn that others were told so of some of its users. Answers 0 where it is back already.
    static let beginReaping = PresenceScript(
        """
        if redis.call('EXISTS', KEYS[1]) == 1 then
            redis.call('DEL', KEYS[3])
            return 0
        end
        redis.call('SET', KEYS[2], '1', 'EX', ARGV[1])
        return 1
        """
    )

    private static let takeUserOffline = """
        removeSockets(ARGV[1])
        local left = redis.call('SCARD', KEYS[1])
        local presence = decoded(KEYS[2]) or {userId = ARGV[2], username = '', lastSeen = ARGV[4]}
        local username = type(presence.username) == 'string' and presence.username or ''
        if left > 0 then
            leave(presence, ARGV[1], ARGV[3])
        else
            presence.status = 'offline'
            presence.instanceId = ARGV[1]
            presence.lastSeen = ARGV[4]
            redis.call('SET', KEYS[2], cjson.encode(presence), 'EX', ARGV[3])
        end
        """
    private static let answerReaped = "return {left == 0 and 1 or 0, now, username}"

    /// KEYS: sockets, presence, lease, online_users. ARGV: dead instance, user, expiry, time. Takes the user's sockets there away; the
    /// user stays listed with the instance until the others have been told, so that nobody is forgotten where the reaper dies.
    static let reapUser = PresenceScript(
        user,
        "if redis.call('EXISTS', KEYS[3]) == 1 then return {-1, now} end",
        takeUserOffline,
        "if left == 0 then redis.call('SREM', KEYS[4], ARGV[2]) end",
        answerReaped
    )

    /// KEYS: sockets, presence. ARGV: as of `reapUser`.
    static let reapUserInSlot = PresenceScript(user, takeUserOffline, answerReaped)

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
