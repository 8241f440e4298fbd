package import Actors

extension RedisPresence {
    private static let lifetime = String(LeaseState.Timing.lifetime.milliseconds)
    /// How long a reaper that is heard no more keeps others away, in milliseconds.
    private static let reaperLock = "2000"
    /// Users that are taken offline in one go.
    private static let reapBatch = 128

    private var ownLease: String { PresenceKeys.lease(of: identity.instanceID) }

    package func clearFormerLife() async throws(PresenceError) -> Bool {
        let replies = try await run([
            PresenceCall("EXISTS", [ownLease]), PresenceCall("EXISTS", [PresenceKeys.users(of: identity.instanceID)]),
        ])
        guard replies[0].number == 0, replies[1].number == 1 else { return true }
        // Nobody here watches yet.
        var events: [PresenceEvent] = []
        return try await reap(identity.instanceID, telling: &events) != nil
    }

    package func claimLease(_ report: InstanceReport, isFirst: Bool) async throws(PresenceError) -> LeaseClaim {
        let reply = try await run(
            PresenceScripts.claim.call(
                [
                    ownLease, PresenceKeys.instances, PresenceKeys.reaped(identity.instanceID),
                    PresenceKeys.users(of: identity.instanceID),
                ],
                leaseArguments(report) + [isFirst ? "1" : "0"]
            )
        )
        switch (reply.parts?.first?.number, reply.parts?.last) {
        case (1, .integer(let marks)): return .claimed(wasReaped: marks > 0)
        case (0, .bulk(let bytes)): return .held(LeasePayload.holder(bytes))
        case (2, _): return .unclear
        default: throw PresenceError(.refused, "the lease can't be claimed")
        }
    }

    package func heartbeat(
        _ report: InstanceReport,
        refreshing users: [UserID],
        reading others: [UserID]
    ) async throws(PresenceError) -> HeartbeatAnswer {
        let renewal = PresenceScripts.renew.call([ownLease, PresenceKeys.instances], leaseArguments(report))
        let refreshes = users.chunks(of: Self.chunk).map(refresh)
        let replies = try await run([renewal] + refreshes + reads(of: others))
        let missing = replies.dropFirst().prefix(refreshes.count)
            .flatMap { ($0.parts ?? []).compactMap { $0.text.flatMap { UserID($0) } } }
        return HeartbeatAnswer(
            renewal: try Self.renewal(replies[0]),
            missing: missing,
            records: Self.records(replies.dropFirst(1 + refreshes.count))
        )
    }

    package func releaseLease() async throws(PresenceError) {
        let keys = [ownLease, PresenceKeys.instances, PresenceKeys.users(of: identity.instanceID)]
        _ = try await run(PresenceScripts.release.call(keys, [identity.instanceID, identity.boot]))
    }

    package func takeOver(from holder: LeaseHolder) async throws(PresenceError) -> ReapedInstance? {
        let text = String(decoding: holder.version, as: UTF8.self)
        guard try await run(PresenceScripts.endLease.call([ownLease], [text])).number == 1 else { return nil }
        // Nobody here watches yet, or everybody is read anew with the claim that follows.
        var events: [PresenceEvent] = []
        let reaped = try await reap(identity.instanceID, telling: &events)
        return reaped ?? ReapedInstance(instanceID: identity.instanceID, users: 0, offline: 0)
    }

    package func reapExpiredInstances() async throws(PresenceError) -> LeaseScan {
        let reply = try await run(
            PresenceScripts.scan.call([PresenceKeys.instances, ownLease], [identity.instanceID, PresenceKeys.leasePrefix])
        )
        guard let parts = reply.parts, parts.count == 2, let holdsOwn = parts[0].number else {
            throw PresenceError(.refused, "the leases can't be read")
        }
        var reaped: [ReapedInstance] = []
        var events: [PresenceEvent] = []
        for case let instance? in (parts[1].parts ?? []).map(\.text) where instance != identity.instanceID {
            if let dead = try await reap(instance, telling: &events) { reaped.append(dead) }
        }
        return LeaseScan(holdsOwn: holdsOwn == 1, reaped: reaped, events: events)
    }

    package func instances() async throws(PresenceError) -> [InstanceReport] {
        let listed = try await run(PresenceCall("SMEMBERS", [PresenceKeys.instances])).parts ?? []
        let ids = listed.compactMap(\.text).sorted()
        guard !ids.isEmpty else { return [] }
        let replies = try await run(ids.chunks(of: Self.chunk).map { PresenceCall("MGET", $0.map(PresenceKeys.lease)) })
        return replies.flatMap { $0.parts ?? [] }.compactMap { part in
            if case .bulk(let bytes) = part { LeasePayload.report(bytes) } else { nil }
        }
    }

    private func leaseArguments(_ report: InstanceReport) -> [String] {
        [LeasePayload(report, boot: identity.boot).text, Self.lifetime, identity.instanceID, identity.boot]
    }

    private func refresh(_ users: [UserID]) -> PresenceCall {
        let ids = users.map(\.description)
        return PresenceScripts.refresh.call(
            [PresenceKeys.onlineUsers, PresenceKeys.users(of: identity.instanceID)]
                + ids.flatMap { [PresenceKeys.sockets(of: $0), PresenceKeys.presence(of: $0)] },
            [expiry] + ids
        )
    }

    private static func renewal(_ reply: RedisReply) throws(PresenceError) -> LeaseRenewal {
        switch (reply.parts?.first?.number, reply.parts?.last) {
        case (1, _): return .renewed
        case (0, _): return .gone
        case (2, .bulk(let bytes)): return .foreign(LeasePayload.holder(bytes))
        default: throw PresenceError(.refused, "the lease can't be renewed")
        }
    }
}

extension RedisPresence {
    /// Takes the users of an instance without a lease offline: batch by batch, each step only while there is no lease.
    ///
    /// - Parameter events: gets what was published.
    /// - Returns: nil where another instance is at it, or the lease is back.
    private func reap(_ instance: String, telling events: inout [PresenceEvent]) async throws(PresenceError) -> ReapedInstance? {
        let lock = PresenceKeys.reaper(of: instance)
        let taken = try await run(PresenceCall("SET", [lock, identity.instanceID, "NX", "PX", Self.reaperLock]))
        guard case .status = taken else { return nil }
        var users = 0
        var offline = 0
        while true {
            let listed = try await run(PresenceCall("SRANDMEMBER", [PresenceKeys.users(of: instance), String(Self.reapBatch)]))
            let batch = (listed.parts ?? []).compactMap(\.text)
            guard !batch.isEmpty else { break }
            guard let gone = try await reap(batch, of: instance) else { return nil }
            users += batch.count
            offline += gone.count
            events += gone
        }
        let end = PresenceScripts.reapedInstance.call(
            [
                PresenceKeys.lease(of: instance), PresenceKeys.users(of: instance), PresenceKeys.instances, PresenceKeys.reaped(instance),
                lock,
            ],
            [instance, expiry]
        )
        let ended = try await run(end).number
        // One who read the list before another had finished finds nobody any more.
        guard ended == 1 || ended == 2 && users > 0 else { return nil }
        return ReapedInstance(instanceID: instance, users: users, offline: offline)
    }

    /// - Returns: what was published of those of `users` who have no other socket; nil where the lease is back.
    private func reap(_ users: [String], of instance: String) async throws(PresenceError) -> [PresenceEvent]? {
        let lease = PresenceKeys.lease(of: instance)
        let now = time.now().description
        let replies = try await run(
            users.map { user in
                PresenceScripts.reapUser.call(
                    [lease, PresenceKeys.sockets(of: user), PresenceKeys.presence(of: user), PresenceKeys.onlineUsers],
                    [instance, user, expiry, now]
                )
            }
        )
        var events: [PresenceEvent] = []
        for (user, reply) in zip(users, replies) {
            guard let parts = reply.parts, parts.count == 3, parts[0].number == 1, let at = parts[1].number, let id = UserID(user) else {
                continue
            }
            events.append(
                PresenceEvent(
                    kind: .offline,
                    userID: id,
                    username: parts[2].text.flatMap { $0.isEmpty ? nil : $0 } ?? user,
                    status: .offline,
                    timestamp: Timestamp(milliseconds: at)
                )
            )
        }
        for event in events { publishPresenceEvent(event) }
        // Only now, when the others are told, are they off the list.
        let done = PresenceScripts.reapedUsers.call(
            [lease, PresenceKeys.users(of: instance), PresenceKeys.reaper(of: instance)],
            [Self.reaperLock] + users
        )
        guard let left = try await run(done).number, left >= 0 else { return nil }
        return events
    }
}
