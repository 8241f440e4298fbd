import Actors

/// What Redis holds of presence, for all instances of a run: leases end by the run's clock. Each function is one script.
final class DirectoryCore: @unchecked Sendable {
    // Touched by the scheduler's thread only.
    private struct Entry {
        var sockets: Set<String> = []
        var record: PresenceRecord
    }

    private struct Lease {
        let report: InstanceReport
        let boot: String
        let until: Duration
    }

    /// What is lost with Redis, but for what it has saved.
    private struct Content {
        var entries: [UserID: Entry] = [:]
        var leases: [String: Lease] = [:]
        var instances: Set<String> = []
        var users: [String: Set<UserID>] = [:]
        var reapers: [String: Duration] = [:]
        var reaped: Set<String> = []
    }

    private static let reaperLock = Duration.seconds(2)

    private let scheduler: Scheduler
    private let mutation: Mutation?
    private var content = Content()
    private var saved = Content()

    init(_ scheduler: Scheduler, mutation: Mutation?) {
        self.scheduler = scheduler
        self.mutation = mutation
    }

    private var now: Timestamp { Timestamp(milliseconds: 1_767_873_600_000).advanced(by: scheduler.now) }

    /// Everything is gone.
    func flush() {
        content = Content()
    }

    func save() {
        saved = content
    }

    /// What has changed since it was saved is gone.
    ///
    /// - Parameter boots: of the processes that live. A lease of a former life ends its next one, as a duplicate does: not in a run.
    func restart(among boots: Set<String>) {
        content = saved
        content.leases = saved.leases.filter { boots.contains($0.value.boot) }
    }

    func isOnline(_ user: UserID) -> Bool {
        content.entries[user]?.sockets.isEmpty == false
    }

    // Users

    func update(_ change: PresenceChange, by instance: String) -> PresenceOutcome {
        let user = change.user
        var entry = content.entries[user.userID] ?? Entry(record: record(of: user, .offline))
        defer { content.entries[user.userID] = entry }
        switch change {
        case .online(_, let connections, let status):
            let isFirst = entry.sockets.isEmpty
            entry.sockets.formUnion(connections.map { Self.socket($0, on: instance) })
            content.users[instance, default: []].insert(user.userID)
            content.instances.insert(instance)
            let known = entry.record.status
            entry.record = record(of: user, isFirst || known == .offline ? status : known)
            return PresenceOutcome(isTurningPoint: isFirst, status: entry.record.status, at: now)
        case .offline(_, let connections, let isLastHere):
            entry.sockets.subtract(connections.map { Self.socket($0, on: instance) })
            if isLastHere {
                content.users[instance]?.remove(user.userID)
                entry.sockets = entry.sockets.filter { !Self.isSocket($0, on: instance) }
            }
            if entry.sockets.isEmpty { entry.record = record(of: user, .offline) }
            return PresenceOutcome(isTurningPoint: entry.sockets.isEmpty, status: .offline, at: now)
        case .status(_, let status):
            let isNews = !entry.sockets.isEmpty && entry.record.status != status
            if isNews { entry.record = record(of: user, status) }
            return PresenceOutcome(isTurningPoint: isNews, status: status, at: now)
        }
    }

    func records(of users: [UserID]) -> [UserID: PresenceRecord] {
        Dictionary(users.compactMap { user in content.entries[user].map { (user, $0.record) } }, uniquingKeysWith: { first, _ in first })
    }

    func online(limit: Int) -> (count: Int, users: [PresenceRecord]) {
        let online = content.entries.values.filter { !$0.sockets.isEmpty }.map(\.record)
        return (online.count, Array(online.prefix(limit)))
    }

    func sockets(of user: UserID) -> Set<String> {
        content.entries[user]?.sockets ?? []
    }

    /// - Returns: those of `users` of whom nothing is there.
    func refresh(_ refreshed: [UserID], by instance: String) -> [UserID] {
        content.users[instance, default: []].formUnion(refreshed.filter { isOnline($0) })
        return refreshed.filter { !isOnline($0) }
    }

    private func record(of user: PresentUser, _ status: PresenceStatus) -> PresenceRecord {
        PresenceRecord(userID: user.userID, username: user.username, status: status, lastSeen: now)
    }

    private static func socket(_ connection: ConnectionID, on instance: String) -> String { "\(instance)/\(connection.value)" }

    private static func isSocket(_ socket: String, on instance: String) -> Bool { socket.hasPrefix(instance + "/") }

    // Leases

    private func lease(of instance: String) -> Lease? {
        content.leases[instance].flatMap { $0.until > scheduler.now || mutation == .leaseOutlivesInstance ? $0 : nil }
    }

    private func write(_ report: InstanceReport, of identity: InstanceIdentity) {
        content.leases[identity.instanceID] = Lease(
            report: report,
            boot: identity.boot,
            until: scheduler.now + LeaseState.Timing.lifetime
        )
        content.instances.insert(identity.instanceID)
    }

    func claim(_ report: InstanceReport, by identity: InstanceIdentity, isFirst: Bool) -> LeaseClaim {
        if let lease = lease(of: identity.instanceID), lease.boot != identity.boot { return .held(LeaseHolder(lease.report, lease.boot)) }
        if isFirst, isUnclear(identity.instanceID) { return .unclear }
        write(report, of: identity)
        return .claimed(wasReaped: content.reaped.remove(identity.instanceID) != nil)
    }

    func renew(_ report: InstanceReport, by identity: InstanceIdentity) -> LeaseRenewal {
        guard let lease = lease(of: identity.instanceID) else { return .gone }
        guard lease.boot == identity.boot else { return .foreign(LeaseHolder(lease.report, lease.boot)) }
        write(report, of: identity)
        return .renewed
    }

    func release(by identity: InstanceIdentity) {
        guard lease(of: identity.instanceID)?.boot == identity.boot else { return }
        content.leases[identity.instanceID] = nil
        if content.users[identity.instanceID, default: []].isEmpty { content.instances.remove(identity.instanceID) }
    }

    func end(_ holder: LeaseHolder, of instance: String) -> Bool {
        if let lease = lease(of: instance), LeaseHolder(lease.report, lease.boot) != holder { return false }
        content.leases[instance] = nil
        return true
    }

    func scan(by instance: String) -> (holdsOwn: Bool, expired: [String]) {
        (lease(of: instance) != nil && content.instances.contains(instance), content.instances.filter { lease(of: $0) == nil }.sorted())
    }

    var reports: [InstanceReport] {
        content.instances.sorted().compactMap { lease(of: $0)?.report }
    }

    func listed(by instance: String) -> [UserID] {
        mutation == .listsNobody ? [] : users(of: instance)
    }

    private func users(of instance: String) -> [UserID] {
        content.users[instance, default: []].sorted { $0.description < $1.description }
    }

    // Reaping

    /// Whether there are users of an instance that holds no lease.
    func isUnclear(_ instance: String) -> Bool {
        lease(of: instance) == nil && !content.users[instance, default: []].isEmpty
    }

    func beginReaping(_ instance: String) -> Bool {
        guard lease(of: instance) == nil, content.reapers[instance, default: .zero] <= scheduler.now else { return false }
        content.reapers[instance] = scheduler.now + Self.reaperLock
        // From now on: it may be back before all of its users are offline.
        content.reaped.insert(instance)
        return true
    }

    func listed(_ instance: String, limit: Int) -> [UserID] {
        Array(users(of: instance).prefix(limit))
    }

    /// - Returns: who is offline by it; nil where the lease is back.
    func reap(_ user: UserID, of instance: String) -> PresenceEvent?? {
        guard lease(of: instance) == nil else { return .none }
        guard var entry = content.entries[user] else { return .some(nil) }
        entry.sockets = entry.sockets.filter { !Self.isSocket($0, on: instance) }
        let isGone = entry.sockets.isEmpty
        let name = entry.record.username ?? ""
        if isGone { entry.record = record(of: PresentUser(userID: user, username: name), .offline) }
        content.entries[user] = entry
        return .some(isGone ? PresenceEvent(kind: .offline, userID: user, username: name, status: .offline, timestamp: now) : nil)
    }

    /// - Returns: false where the lease is back.
    func strike(_ gone: [UserID], of instance: String) -> Bool {
        guard lease(of: instance) == nil else { return false }
        content.users[instance]?.subtract(gone)
        content.reapers[instance] = scheduler.now + Self.reaperLock
        return true
    }

    func unlock(_ instance: String) {
        content.reapers[instance] = nil
    }

    func endReaping(_ instance: String) -> Bool {
        content.reapers[instance] = nil
        guard lease(of: instance) == nil, content.users[instance, default: []].isEmpty else { return false }
        content.instances.remove(instance)
        content.reaped.insert(instance)
        return true
    }
}

extension LeaseHolder {
    fileprivate init(_ report: InstanceReport, _ boot: String) {
        self.init(version: Array("\(boot) \(report.heartbeatAt)".utf8), startedAt: report.startedAt.description, host: report.host)
    }
}
