import Actors

extension ClusterSteps {
    /// So many users of `online_users` are looked at with each heartbeat.
    private static let sample = "32"

    private var mark: String { PresenceKeys.reaped(instance) }

    /// First the lease, then a look for a reaper: who reaps takes its lock first, then looks for the lease. One of the two sees the other.
    func claim(_ lease: String, isFirst: Bool) async throws(PresenceError) -> LeaseClaim {
        var isListed = false
        if isFirst {
            let answer = try await redis.run(PresenceCall("EXISTS", [redis.ownUsers]))
            isListed = answer.number == 1
        }
        let reply = try await redis.run(
            PresenceScripts.claimInSlot.call(
                [redis.ownLease],
                [lease, PresenceRedis.leaseLifetime, instance, redis.identity.boot, isListed ? "1" : "0"]
            )
        )
        guard reply.parts == [.integer(1)] else { return try LeaseClaim(reply) }
        let replies = try await redis.run([
            PresenceCall("SADD", [PresenceKeys.instances, instance]), PresenceCall("EXISTS", [PresenceKeys.reaper(of: instance)]),
        ])
        // It finds the lease with its next step and stops.
        if replies[1].number == 1 { return .unclear }
        let marks = try await redis.run(PresenceCall("DEL", [mark]))
        return .claimed(wasReaped: marks.number == 1)
    }

    /// Only looks at the lists: what is missing there the instance writes again, in the order of everything that it writes.
    func heartbeat(_ lease: String, refreshing users: [String], reading others: [UserID]) async throws(PresenceError) -> HeartbeatAnswer {
        let renew = PresenceScripts.renewInSlot
        let renewal = renew.call([redis.ownLease], [lease, PresenceRedis.leaseLifetime, instance, redis.identity.boot])
        let sample = PresenceCall("SRANDMEMBER", [PresenceKeys.onlineUsers, Self.sample])
        let lookUps = [redis.ownUsers, PresenceKeys.onlineUsers].map { members("SMISMEMBER", $0, users) }
        let refreshes = users.flatMap(redis.keys).map { PresenceCall("EXPIRE", [$0, redis.expiry]) }
        var calls = [renewal, sample]
        for lookUp in lookUps { calls += lookUp }
        calls += refreshes
        calls += redis.reads(of: others)
        var replies = try await redis.run(calls)[...]
        let answer = try LeaseRenewal(replies.removeFirst())
        let sampled = (replies.removeFirst().parts ?? []).compactMap(\.text)
        var isThere = [Bool](repeating: true, count: users.count)
        for lookUp in lookUps {
            let listed = replies.prefix(lookUp.count).flatMap { $0.parts ?? [] }
            replies.removeFirst(lookUp.count)
            for (index, isMember) in listed.enumerated() where isMember.number == 0 { isThere[index] = false }
        }
        for index in users.indices {
            let isKept = replies.prefix(2).allSatisfy { $0.number == 1 }
            replies.removeFirst(2)
            isThere[index] = isThere[index] && isKept
        }
        if answer == .renewed { try await unlistAbsent(among: sampled) }
        return HeartbeatAnswer(
            renewal: answer,
            missing: zip(users, isThere).filter { !$0.1 }.compactMap { UserID($0.0) },
            records: PresenceRedis.records(in: replies)
        )
    }

    /// Off the list first, so that nobody finds it there without a lease, unless there are users to be reaped.
    func release() async throws(PresenceError) {
        let replies = try await redis.run([PresenceCall("GET", [redis.ownLease]), PresenceCall("EXISTS", [redis.ownUsers])])
        guard case .bulk(let bytes) = replies[0], LeasePayload.boot(bytes) == redis.identity.boot else { return }
        if replies[1].number == 0 { _ = try await redis.run(PresenceCall("SREM", [PresenceKeys.instances, instance])) }
        _ = try await redis.run(PresenceScripts.releaseInSlot.call([redis.ownLease], [instance, redis.identity.boot]))
    }

    /// A mark beside a lease that is held: a reaper was not stopped in time.
    func scan() async throws(PresenceError) -> (holdsOwn: Bool, expired: [String]) {
        let replies = try await redis.run([
            PresenceCall("SMEMBERS", [PresenceKeys.instances]), PresenceCall("EXISTS", [redis.ownLease]), PresenceCall("EXISTS", [mark]),
        ])
        guard let listed = replies[0].parts?.compactMap(\.text) else { throw PresenceError(.refused, "the leases can't be read") }
        let leases = try await redis.run(listed.map { PresenceCall("EXISTS", [PresenceKeys.lease(of: $0)]) })
        let holdsOwn = replies[1].number == 1 && replies[2].number == 0 && listed.contains(instance)
        return (holdsOwn, zip(listed, leases).filter { $0.1.number == 0 }.map(\.0))
    }
}
