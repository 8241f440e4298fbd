extension PresenceScripts {
    /// The lease's text, and whose it is. KEYS: lease.
    private static let lease = """
        local text = redis.call('GET', KEYS[1])
        local ok, lease = pcall(cjson.decode, text or '')
        local boot = ok and type(lease) == 'table' and type(lease.boot) == 'string' and lease.boot
        """
    private static let write = "redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])"
    private static let refuseOthers = "if boot and boot ~= ARGV[4] then return {0, text} end"

    /// KEYS: lease, instances, reaped, instance_users. ARGV: lease's text, lifetime, instance, boot, 1 for a process's first claim.
    static let claim = PresenceScript(
        lease,
        refuseOthers,
        """
        if ARGV[5] == '1' and not boot and redis.call('EXISTS', KEYS[4]) == 1 then return {2} end
        """,
        write,
        """
        redis.call('SADD', KEYS[2], ARGV[3])
        return {1, redis.call('DEL', KEYS[3])}
        """
    )

    /// KEYS: lease. ARGV: as of `claim`, but 1 for a process's first claim where users of an earlier life are listed.
    static let claimInSlot = PresenceScript(
        lease,
        refuseOthers,
        """
        if ARGV[5] == '1' and not boot then return {2} end
        """,
        write,
        "return {1}"
    )

    private static let refuseRenewal = """
        if not boot then return {0} end
        if boot ~= ARGV[4] then return {2, text} end
        """

    /// KEYS: lease, instances. ARGV: lease's text, lifetime, instance, boot.
    static let renew = PresenceScript(lease, refuseRenewal, write, "redis.call('SADD', KEYS[2], ARGV[3]) return {1}")

    /// KEYS: lease. ARGV: as of `renew`.
    static let renewInSlot = PresenceScript(lease, refuseRenewal, write, "return {1}")

    private static let giveUp = """
        if boot ~= ARGV[2] then return 0 end
        redis.call('DEL', KEYS[1])
        """

    /// KEYS: lease, instances, instance_users. ARGV: instance, boot. Who still has users listed is left to be reaped.
    static let release = PresenceScript(
        lease,
        giveUp,
        """
        if redis.call('EXISTS', KEYS[3]) == 0 then redis.call('SREM', KEYS[2], ARGV[1]) end
        return 1
        """
    )

    /// KEYS: lease. ARGV: as of `release`.
    static let releaseInSlot = PresenceScript(lease, giveUp, "return 1")

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
