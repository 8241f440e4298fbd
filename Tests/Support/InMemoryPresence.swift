package import Actors

/// A directory in memory, as one instance sees it. Instances that share a `Cluster` share what is in it.
package final class InMemoryPresence: PresenceDirectory {
    /// What the instances share.
    package final class Cluster: Sendable {
        fileprivate struct User {
            var sockets: Set<String> = []
            var record: PresenceRecord
        }

        fileprivate struct State {
            var users: [UserID: User] = [:]
            var leases: [String: (report: InstanceReport, boot: String)] = [:]
            var reaped: Set<String> = []
            var isAway = false
        }

        fileprivate let state = Locked(State())

        package init() {}

        /// Makes every call fail, or ends that.
        package func setAway(_ isAway: Bool) {
            state.withLock { $0.isAway = isAway }
        }

        /// Forgets everything.
        package func flush() {
            state.withLock { state in
                state.users = [:]
                state.leases = [:]
                state.reaped = []
            }
        }

        /// The open sockets of a user.
        package func sockets(of user: UserID) -> Set<String> {
            state.withLock { $0.users[user]?.sockets ?? [] }
        }
    }

    /// The changes that were written, batch by batch.
    package let updates = Recorder<[PresenceChange]>()
    package let published = Recorder<PresenceEvent>()
    private let cluster: Cluster
    private let identity: InstanceIdentity
    private let time: any TimeSource

    package init(_ cluster: Cluster, identity: InstanceIdentity, time: any TimeSource) {
        self.cluster = cluster
        self.identity = identity
        self.time = time
    }

    package func publishPresenceEvent(_ event: PresenceEvent) {
        published.append(event)
    }

    package func update(_ changes: [PresenceChange]) async throws(PresenceError) -> [PresenceOutcome?] {
        let now = time.now()
        let outcomes = try access { state in changes.map { self.write($0, to: &state, at: now) } }
        updates.append(changes)
        return outcomes
    }

    private func write(_ change: PresenceChange, to state: inout Cluster.State, at now: Timestamp) -> PresenceOutcome? {
        let id = change.user.userID
        func record(_ status: PresenceStatus) -> PresenceRecord {
            PresenceRecord(userID: id, username: change.user.username, status: status, lastSeen: now)
        }
        var user = state.users[id] ?? Cluster.User(record: record(.offline))
        defer { state.users[id] = user }
        let isTurningPoint: Bool
        switch change {
        case .online(_, let connections, let status):
            isTurningPoint = user.sockets.isEmpty
            user.sockets.formUnion(connections.map(name))
            user.record = record(isTurningPoint || user.record.status == .offline ? status : user.record.status)
        case .offline(_, let connections, _):
            user.sockets.subtract(connections.map(name))
            isTurningPoint = user.sockets.isEmpty
            if isTurningPoint { user.record = record(.offline) }
        case .status(_, let status):
            isTurningPoint = !user.sockets.isEmpty && user.record.status != status
            if isTurningPoint { user.record = record(status) }
        }
        return PresenceOutcome(isTurningPoint: isTurningPoint, status: user.record.status, at: now)
    }

    package func userPresence(_ users: [UserID]) async throws(PresenceError) -> [UserID: PresenceRecord] {
        try access { state in
            Dictionary(users.compactMap { user in state.users[user].map { (user, $0.record) } }, uniquingKeysWith: { first, _ in first })
        }
    }

    package func listedUsers() async throws(PresenceError) -> [UserID] {
        let instance = identity.instanceID
        return try access { state in
            state.users.filter { $0.value.sockets.contains { $0.hasPrefix("\(instance)/") } }.map(\.key)
        }
    }

    package func onlineUsers(limit: Int) async throws(PresenceError) -> (count: Int, users: [PresenceRecord]) {
        try access { state in
            let online = state.users.values.filter { !$0.sockets.isEmpty }.map(\.record)
            return (online.count, Array(online.prefix(limit)))
        }
    }

    package func online(among users: [UserID]) async throws(PresenceError) -> Set<UserID> {
        try access { state in Set(users.filter { state.users[$0]?.sockets.isEmpty == false }) }
    }

    package func socketCount(of user: UserID) async throws(PresenceError) -> Int {
        try access { $0.users[user]?.sockets.count ?? 0 }
    }

    package func instances(of user: UserID) async throws(PresenceError) -> [String] {
        try access { state in
            Set((state.users[user]?.sockets ?? []).map { String($0.prefix { $0 != "/" }) }).sorted()
        }
    }

    package func heartbeat(
        _ report: InstanceReport,
        refreshing users: [UserID],
        reading others: [UserID]
    ) async throws(PresenceError) -> HeartbeatAnswer {
        let identity = identity
        let (renewal, missing) = try access { state -> (LeaseRenewal, [UserID]) in
            guard let lease = state.leases[identity.instanceID] else { return (.gone, []) }
            guard lease.boot == identity.boot else { return (.foreign(LeaseHolder(lease.report, boot: lease.boot)), []) }
            state.leases[identity.instanceID] = (report, identity.boot)
            return (.renewed, users.filter { state.users[$0]?.sockets.isEmpty != false })
        }
        return HeartbeatAnswer(renewal: renewal, missing: missing, records: try await userPresence(others))
    }

    package func clearFormerLife() async throws(PresenceError) -> Bool {
        try access { _ in true }
    }

    package func claimLease(_ report: InstanceReport, isFirst: Bool) async throws(PresenceError) -> LeaseClaim {
        let identity = identity
        return try access { state in
            if let lease = state.leases[identity.instanceID], lease.boot != identity.boot {
                return .held(LeaseHolder(lease.report, boot: lease.boot))
            }
            state.leases[identity.instanceID] = (report, identity.boot)
            return .claimed(wasReaped: state.reaped.remove(identity.instanceID) != nil)
        }
    }

    package func releaseLease() async throws(PresenceError) {
        let identity = identity
        try access { state in
            if state.leases[identity.instanceID]?.boot == identity.boot { state.leases[identity.instanceID] = nil }
        }
    }

    package func takeOver(from holder: LeaseHolder) async throws(PresenceError) -> ReapedInstance? {
        let instance = identity.instanceID
        return try access { state in
            if let lease = state.leases[instance], LeaseHolder(lease.report, boot: lease.boot) != holder { return nil }
            state.leases[instance] = nil
            return ReapedInstance(instanceID: instance, users: 0, offline: 0)
        }
    }

    package func reapExpiredInstances() async throws(PresenceError) -> LeaseScan {
        let identity = identity
        return try access { LeaseScan(holdsOwn: $0.leases[identity.instanceID] != nil, reaped: []) }
    }

    package func instances() async throws(PresenceError) -> [InstanceReport] {
        try access { $0.leases.values.map(\.report).sorted { $0.instanceID < $1.instanceID } }
    }

    private func name(_ connection: ConnectionID) -> String {
        "\(identity.instanceID)/\(connection.value)"
    }

    private func access<Value: Sendable>(
        _ body: (inout sending Cluster.State) -> sending Value
    ) throws(PresenceError) -> Value {
        try cluster.state.withLock { state throws(PresenceError) in
            guard !state.isAway else { throw PresenceError(.unavailable, "away") }
            return body(&state)
        }
    }
}

extension LeaseHolder {
    fileprivate init(_ report: InstanceReport, boot: String) {
        self.init(version: Array("\(boot) \(report.heartbeatAt)".utf8), startedAt: report.startedAt.description, host: report.host)
    }
}
