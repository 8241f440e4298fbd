import Actors

// No script sees both the lease and a user: the lease is looked for before each step and after it. Where it is back after all, the mark
// tells the instance that some of its users may have been taken offline.
extension ClusterSteps {
    /// More than with one Redis, as each batch takes more round trips.
    private static let reapBatch = "512"

    func beginReaping(_ instance: String) async throws(PresenceError) -> Bool {
        let isBack = try await holdsLease(instance)
        guard !isBack else {
            try await unlock(instance)
            return false
        }
        _ = try await redis.run(markReaped(instance))
        return true
    }

    func nextToReap(_ instance: String) async throws(PresenceError) -> [String]? {
        let replies = try await redis.run([
            PresenceCall("EXISTS", [PresenceKeys.lease(of: instance)]),
            PresenceCall("PEXPIRE", [PresenceKeys.reaper(of: instance), PresenceRedis.reaperLock]),
            PresenceCall("SRANDMEMBER", [PresenceKeys.users(of: instance), Self.reapBatch]),
        ])
        guard replies[0].number == 0 else {
            try await giveBack(instance)
            return nil
        }
        // Who has lost the lock leaves it to the next one.
        guard replies[1].number == 1 else { return nil }
        return (replies[2].parts ?? []).compactMap(\.text)
    }

    func takeOffline(_ users: [String], of instance: String, at now: Timestamp) async throws(PresenceError) -> [RedisReply]? {
        let replies = try await redis.run(
            users.map { PresenceScripts.reapUserInSlot.call(redis.keys(of: $0), [instance, $0, redis.expiry, now.description]) }
        )
        try await list([], unlisting: Set(zip(users, replies).filter { $0.1.parts?.first?.number == 1 }.map(\.0)))
        let isBack = try await holdsLease(instance)
        guard !isBack else {
            try await giveBack(instance)
            return nil
        }
        return replies
    }

    func takeOffList(_ users: [String], of instance: String) async throws(PresenceError) -> Bool {
        try await redis.run(members("SREM", PresenceKeys.users(of: instance), users))
        return true
    }

    func endReaping(_ instance: String) async throws(PresenceError) -> ReapingEnd {
        let isOverNow = try await isOver(instance)
        guard isOverNow else { return .notOver }
        let removed = try await redis.run(PresenceCall("SREM", [PresenceKeys.instances, instance]))
        let isOverStill = try await isOver(instance)
        guard isOverStill else { return .notOver }
        try await unlock(instance)
        return removed.number == 1 ? .over : .wasOver
    }

    /// Whether there is neither a lease nor a user; where there is one, the instance stays listed for the next look.
    private func isOver(_ instance: String) async throws(PresenceError) -> Bool {
        let replies = try await redis.run([
            PresenceCall("EXISTS", [PresenceKeys.lease(of: instance)]), PresenceCall("EXISTS", [PresenceKeys.users(of: instance)]),
        ])
        if replies[0].number == 0, replies[1].number == 0 { return true }
        if replies[0].number == 1 {
            try await giveBack(instance)
        } else {
            _ = try await redis.run(PresenceCall("SADD", [PresenceKeys.instances, instance]))
            try await unlock(instance)
        }
        return false
    }

    /// Tells an instance whose lease is back that it was reaped, and lets it go on.
    private func giveBack(_ instance: String) async throws(PresenceError) {
        try await redis.run([markReaped(instance), PresenceCall("SADD", [PresenceKeys.instances, instance])])
        try await unlock(instance)
    }

    private func holdsLease(_ instance: String) async throws(PresenceError) -> Bool {
        try await redis.run(PresenceCall("EXISTS", [PresenceKeys.lease(of: instance)])).number == 1
    }

    private func markReaped(_ instance: String) -> PresenceCall {
        PresenceCall("SET", [PresenceKeys.reaped(instance), "1", "EX", redis.expiry])
    }
}
