package import Actors

extension RedisPresence {
    package func clearFormerLife() async throws(PresenceError) -> Bool {
        let replies = try await redis.run([PresenceCall("EXISTS", [redis.ownLease]), PresenceCall("EXISTS", [redis.ownUsers])])
        guard replies[0].number == 0, replies[1].number == 1 else { return true }
        // Nobody here watches yet.
        var events: [PresenceEvent] = []
        return try await reap(identity.instanceID, telling: &events) != nil
    }

    package func claimLease(_ report: InstanceReport, isFirst: Bool) async throws(PresenceError) -> LeaseClaim {
        try await steps.claim(leaseText(report), isFirst: isFirst)
    }

    package func heartbeat(
        _ report: InstanceReport,
        refreshing users: [UserID],
        reading others: [UserID]
    ) async throws(PresenceError) -> HeartbeatAnswer {
        try await steps.heartbeat(leaseText(report), refreshing: users.map(\.description), reading: others)
    }

    package func releaseLease() async throws(PresenceError) {
        try await steps.release()
    }

    package func takeOver(from holder: LeaseHolder) async throws(PresenceError) -> ReapedInstance? {
        let text = String(decoding: holder.version, as: UTF8.self)
        guard try await redis.run(PresenceScripts.endLease.call([redis.ownLease], [text])).number == 1 else { return nil }
        // Nobody here watches yet, or everybody is read anew with the claim that follows.
        var events: [PresenceEvent] = []
        let reaped = try await reap(identity.instanceID, telling: &events)
        return reaped ?? ReapedInstance(instanceID: identity.instanceID, users: 0, offline: 0)
    }

    /// Takes no longer than it is from one look to the next, and a batch: the own lease has to be renewed in between. What is left then is
    /// due at once.
    package func reapExpiredInstances() async throws(PresenceError) -> LeaseScan {
        let (holdsOwn, expired) = try await steps.scan()
        let deadline = time.uptime() + LeaseState.Timing().scan
        var reaped: [ReapedInstance] = []
        var events: [PresenceEvent] = []
        for instance in expired where instance != identity.instanceID && time.uptime() < deadline {
            if let dead = try await reap(instance, until: deadline, telling: &events) { reaped.append(dead) }
        }
        return LeaseScan(holdsOwn: holdsOwn, reaped: reaped, events: events)
    }

    package func instances() async throws(PresenceError) -> [InstanceReport] {
        let listed = try await redis.run(PresenceCall("SMEMBERS", [PresenceKeys.instances])).parts ?? []
        let leases = listed.compactMap(\.text).sorted().map(PresenceKeys.lease)
        return PresenceRedis.strings(in: try await redis.run(redis.reads(of: leases))).compactMap { LeasePayload.report($0) }
    }

    private func leaseText(_ report: InstanceReport) -> String {
        LeasePayload(report, boot: identity.boot).text
    }
}
