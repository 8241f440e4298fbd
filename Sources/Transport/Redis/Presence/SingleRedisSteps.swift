import Actors

/// Each step is one script, which changes all keys together.
struct SingleRedisSteps: PresenceSteps {
    let redis: PresenceRedis

    private var instance: String { redis.identity.instanceID }

    func write(_ changes: [PresenceChange], at now: Timestamp) async throws(PresenceError) -> [RedisReply] {
        try await redis.run(
            changes.map { change in
                let keys = redis.keys(of: change.user.userID.description)
                let arguments = change.scriptArguments(on: instance, expiry: redis.expiry, at: now)
                return switch change {
                case .online:
                    PresenceScripts.online.call(keys + [PresenceKeys.onlineUsers, redis.ownUsers, PresenceKeys.instances], arguments)
                case .offline:
                    PresenceScripts.offline.call(keys + [PresenceKeys.onlineUsers, redis.ownUsers], arguments)
                case .status:
                    PresenceScripts.status.call(keys, arguments)
                }
            }
        )
    }
}

// The lease.
extension SingleRedisSteps {
    func claim(_ lease: String, isFirst: Bool) async throws(PresenceError) -> LeaseClaim {
        let call = PresenceScripts.claim.call(
            [redis.ownLease, PresenceKeys.instances, PresenceKeys.reaped(instance), redis.ownUsers],
            [lease, PresenceRedis.leaseLifetime, instance, redis.identity.boot, isFirst ? "1" : "0"]
        )
        return try LeaseClaim(try await redis.run(call))
    }

    func heartbeat(_ lease: String, refreshing users: [String], reading others: [UserID]) async throws(PresenceError) -> HeartbeatAnswer {
        let renewal = PresenceScripts.renew.call(
            [redis.ownLease, PresenceKeys.instances],
            [lease, PresenceRedis.leaseLifetime, instance, redis.identity.boot]
        )
        let refreshes = users.chunks(of: PresenceRedis.chunk).map { users in
            PresenceScripts.refresh.call(
                [PresenceKeys.onlineUsers, redis.ownUsers] + users.flatMap(redis.keys),
                [redis.expiry] + users
            )
        }
        let replies = try await redis.run([renewal] + refreshes + redis.reads(of: others))
        let missing = replies.dropFirst().prefix(refreshes.count)
            .flatMap { ($0.parts ?? []).compactMap { $0.text.flatMap { UserID($0) } } }
        return HeartbeatAnswer(
            renewal: try LeaseRenewal(replies[0]),
            missing: missing,
            records: PresenceRedis.records(in: replies.dropFirst(1 + refreshes.count))
        )
    }

    func release() async throws(PresenceError) {
        let keys = [redis.ownLease, PresenceKeys.instances, redis.ownUsers]
        _ = try await redis.run(PresenceScripts.release.call(keys, [instance, redis.identity.boot]))
    }

    func scan() async throws(PresenceError) -> (holdsOwn: Bool, expired: [String]) {
        let call = PresenceScripts.scan.call([PresenceKeys.instances, redis.ownLease], [instance, PresenceKeys.leasePrefix])
        guard let parts = try await redis.run(call).parts, parts.count == 2, let holdsOwn = parts[0].number else {
            throw PresenceError(.refused, "the leases can't be read")
        }
        return (holdsOwn == 1, (parts[1].parts ?? []).compactMap(\.text))
    }
}

// Reaping: each script looks for the lease itself.
extension SingleRedisSteps {
    private static let reapBatch = "128"

    func beginReaping(_ instance: String) async throws(PresenceError) -> Bool {
        let keys = [PresenceKeys.lease(of: instance), PresenceKeys.reaped(instance), PresenceKeys.reaper(of: instance)]
        return try await redis.run(PresenceScripts.beginReaping.call(keys, [redis.expiry])).number == 1
    }

    func nextToReap(_ instance: String) async throws(PresenceError) -> [String]? {
        let listed = try await redis.run(PresenceCall("SRANDMEMBER", [PresenceKeys.users(of: instance), Self.reapBatch]))
        return (listed.parts ?? []).compactMap(\.text)
    }

    func takeOffline(_ users: [String], of instance: String, at now: Timestamp) async throws(PresenceError) -> [RedisReply]? {
        let keys = [PresenceKeys.lease(of: instance), PresenceKeys.onlineUsers]
        return try await redis.run(
            users.map { PresenceScripts.reapUser.call(redis.keys(of: $0) + keys, [instance, $0, redis.expiry, now.description]) }
        )
    }

    func takeOffList(_ users: [String], of instance: String) async throws(PresenceError) -> Bool {
        let keys = [PresenceKeys.lease(of: instance), PresenceKeys.users(of: instance), PresenceKeys.reaper(of: instance)]
        let left = try await redis.run(PresenceScripts.reapedUsers.call(keys, [PresenceRedis.reaperLock] + users)).number
        return left.map { $0 >= 0 } ?? false
    }

    func endReaping(_ instance: String) async throws(PresenceError) -> ReapingEnd {
        let keys = [
            PresenceKeys.lease(of: instance), PresenceKeys.users(of: instance), PresenceKeys.instances, PresenceKeys.reaped(instance),
            PresenceKeys.reaper(of: instance),
        ]
        let end = try await redis.run(PresenceScripts.reapedInstance.call(keys, [instance, redis.expiry])).number
        return switch end {
        case 1: .over
        case 2: .wasOver
        default: .notOver
        }
    }
}
