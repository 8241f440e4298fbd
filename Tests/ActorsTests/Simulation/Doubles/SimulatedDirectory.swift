import Actors

/// The directory as one instance sees it: in the Redis that is its bus too, and away whenever that is.
struct SimulatedDirectory: PresenceDirectory {
    private static let reapBatch = 2
    private static let scanTime = LeaseState.Timing().scan

    let core: DirectoryCore
    let bus: SimulatedBus
    let time: any TimeSource

    private var identity: InstanceIdentity { bus.identity }

    private func ask<Value: Sendable>(_ script: () -> Value) async throws(PresenceError) -> Value {
        try await way()
        let value = script()
        try await way()
        return value
    }

    /// Of a request, or of its answer.
    private func way() async throws(PresenceError) {
        if bus.has(.hangs) { try? await time.sleep(for: .seconds(1)) }
        try? await time.sleep(for: bus.commandLatency())
        guard bus.carries else { throw PresenceError(.unavailable, "simulated") }
    }

    func update(_ changes: [PresenceChange]) async throws(PresenceError) -> [PresenceOutcome?] {
        try await ask { changes.map { core.update($0, by: identity.instanceID) } }
    }

    func userPresence(_ users: [UserID]) async throws(PresenceError) -> [UserID: PresenceRecord] {
        try await ask { core.records(of: users) }
    }

    func listedUsers() async throws(PresenceError) -> [UserID] {
        try await ask { core.listed(by: identity.instanceID) }
    }

    func onlineUsers(limit: Int) async throws(PresenceError) -> (count: Int, users: [PresenceRecord]) {
        try await ask { core.online(limit: limit) }
    }

    func online(among users: [UserID]) async throws(PresenceError) -> Set<UserID> {
        try await ask { Set(users.filter(core.isOnline)) }
    }

    func socketCount(of user: UserID) async throws(PresenceError) -> Int {
        try await ask { core.sockets(of: user).count }
    }

    func instances(of user: UserID) async throws(PresenceError) -> [String] {
        try await ask { Set(core.sockets(of: user).map { String($0.prefix { $0 != "/" }) }).sorted() }
    }

    func publishPresenceEvent(_ event: PresenceEvent) {
        bus.publish(.presence(event))
    }

    func clearFormerLife() async throws(PresenceError) -> Bool {
        let isDue = try await ask { core.isUnclear(identity.instanceID) }
        guard isDue else { return true }
        var events: [PresenceEvent] = []
        return try await reap(identity.instanceID, telling: &events) != nil
    }

    func claimLease(_ report: InstanceReport, isFirst: Bool) async throws(PresenceError) -> LeaseClaim {
        try await ask { core.claim(report, by: identity, isFirst: isFirst) }
    }

    func heartbeat(
        _ report: InstanceReport,
        refreshing users: [UserID],
        reading others: [UserID]
    ) async throws(PresenceError) -> HeartbeatAnswer {
        try await ask {
            let renewal = core.renew(report, by: identity)
            let missing = core.refresh(users, by: identity.instanceID)
            return HeartbeatAnswer(renewal: renewal, missing: missing, records: core.records(of: others))
        }
    }

    func releaseLease() async throws(PresenceError) {
        try await ask { core.release(by: identity) }
    }

    func takeOver(from holder: LeaseHolder) async throws(PresenceError) -> ReapedInstance? {
        let instance = identity.instanceID
        let isEnded = try await ask { core.end(holder, of: instance) }
        guard isEnded else { return nil }
        var events: [PresenceEvent] = []
        let reaped = try await reap(instance, telling: &events)
        return reaped ?? ReapedInstance(instanceID: instance, users: 0, offline: 0)
    }

    func reapExpiredInstances() async throws(PresenceError) -> LeaseScan {
        let (holdsOwn, expired) = try await ask { core.scan(by: identity.instanceID) }
        var reaped: [ReapedInstance] = []
        var events: [PresenceEvent] = []
        let deadline = time.uptime() + Self.scanTime
        for instance in expired where instance != identity.instanceID && time.uptime() < deadline {
            if let dead = try await reap(instance, until: deadline, telling: &events) { reaped.append(dead) }
        }
        return LeaseScan(holdsOwn: holdsOwn, reaped: reaped, events: events)
    }

    func instances() async throws(PresenceError) -> [InstanceReport] {
        try await ask { core.reports }
    }

    /// In the steps that the directory in Redis takes.
    private func reap(
        _ instance: String,
        until deadline: Duration? = nil,
        telling events: inout [PresenceEvent]
    ) async throws(PresenceError) -> ReapedInstance? {
        let begins = try await ask { core.beginReaping(instance) }
        guard begins else { return nil }
        var (users, offline) = (0, 0)
        while true {
            let batch = try await ask { core.listed(instance, limit: Self.reapBatch) }
            if batch.isEmpty { break }
            var gone: [PresenceEvent] = []
            for user in batch {
                guard let event = try await ask({ core.reap(user, of: instance) }) else { return nil }
                if let event { gone.append(event) }
            }
            for event in gone { publishPresenceEvent(event) }
            let isStruck = try await ask { core.strike(batch, of: instance) }
            guard isStruck else { return nil }
            users += batch.count
            offline += gone.count
            events += gone
            if let deadline, time.uptime() >= deadline {
                try await ask { core.unlock(instance) }
                return nil
            }
        }
        let isOver = try await ask { core.endReaping(instance) }
        return isOver ? ReapedInstance(instanceID: instance, users: users, offline: offline) : nil
    }
}
