/// The users of this instance: their status, their connections, and how much of it the directory knows.
///
/// What the directory doesn't know yet is written in batches; several changes of one user in between are one.
package struct LocalPresence: Sendable {
    private struct Entry: Sendable {
        var user: PresentUser
        var status = PresenceStatus.online
        /// The user chose another status, and the directory doesn't have it.
        var isStatusUnwritten = false
        var connections: Set<ConnectionID> = []
        /// Connections that the directory holds, as far as is known.
        var written: Set<ConnectionID> = []
        /// Connections that were given to the directory and not taken out again: it may hold them.
        var given: Set<ConnectionID> = []
        /// Whether the cluster has been told, or knew, that the user is online.
        var isAnnounced = false
        var lastSeen: Timestamp

        var isNeeded: Bool { !connections.isEmpty || !given.isEmpty || isAnnounced }
        var presence: PresenceStatus { connections.isEmpty ? .offline : status }

        /// The directory doesn't have the connections here: they are to be written once more, and told of where that is news.
        mutating func writeAgain() {
            written = []
            isAnnounced = false
        }
    }

    /// Changes that go to the directory together.
    package struct Batch: Sendable {
        package fileprivate(set) var changes: [PresenceChange] = []
        fileprivate let generation: Int
    }

    private var entries: [UserID: Entry] = [:]
    private var unwritten: Set<UserID> = []
    /// Users that something has happened to since the last `takeTouched`.
    private var touched: Set<UserID> = []
    /// Raised when the directory has lost what was written: answers to what was asked before say nothing then.
    private var generation = 0

    package init() {}

    /// Users with a connection here.
    package var userCount: Int {
        entries.values.count { !$0.connections.isEmpty }
    }

    package var hasUnwritten: Bool { !unwritten.isEmpty }

    package func isHere(_ user: UserID) -> Bool {
        entries[user].map { !$0.connections.isEmpty } ?? false
    }

    package func connections(of user: UserID) -> Set<ConnectionID> {
        entries[user]?.connections ?? []
    }

    /// Users with a connection here, at most `limit`, any.
    package func users(limit: Int) -> [PresenceRecord] {
        Array(entries.values.lazy.filter { !$0.connections.isEmpty }.prefix(limit).map(Self.record))
    }

    /// The user's presence as this instance alone knows it; nil where the user has no connection here.
    package func record(of user: UserID) -> PresenceRecord? {
        guard let entry = entries[user], !entry.connections.isEmpty else { return nil }
        return Self.record(entry)
    }

    private static func record(_ entry: Entry) -> PresenceRecord {
        PresenceRecord(userID: entry.user.userID, username: entry.user.username, status: entry.presence, lastSeen: entry.lastSeen)
    }
}

extension LocalPresence {
    /// A connection has come.
    ///
    /// - Returns: whether it is the user's first here.
    @discardableResult
    package mutating func open(_ user: PresentUser, connection: ConnectionID, at now: Timestamp) -> Bool {
        var entry = entries[user.userID] ?? Entry(user: user, lastSeen: now)
        let isFirst = entry.connections.isEmpty
        if isFirst { entry.status = .online }
        entry.user = user
        entry.lastSeen = now
        entry.connections.insert(connection)
        set(entry)
        return isFirst
    }

    /// A connection has gone.
    ///
    /// - Returns: whether it was the user's last here.
    @discardableResult
    package mutating func close(_ connection: ConnectionID, of user: UserID, at now: Timestamp) -> Bool {
        guard var entry = entries[user], entry.connections.remove(connection) != nil else { return false }
        entry.lastSeen = now
        let isLast = entry.connections.isEmpty
        if isLast { entry.isStatusUnwritten = false }
        set(entry)
        return isLast
    }

    /// Every connection has gone.
    package mutating func closeAll(at now: Timestamp) {
        for (user, entry) in entries {
            for connection in entry.connections { close(connection, of: user, at: now) }
        }
    }

    /// The user has chosen a status, which stays until the last connection has gone.
    package mutating func setStatus(_ status: PresenceStatus, of user: UserID, at now: Timestamp) {
        guard var entry = entries[user], !entry.connections.isEmpty else { return }
        entry.status = status
        entry.isStatusUnwritten = true
        entry.lastSeen = now
        set(entry)
    }

    /// Another instance tells of a user who may have connections here too.
    ///
    /// - Returns: false where this instance knows better.
    package mutating func receive(_ event: PresenceEvent) -> Bool {
        guard var entry = entries[event.userID], !entry.connections.isEmpty else { return true }
        switch event.kind {
        case .online, .status:
            if !entry.isStatusUnwritten { entry.status = event.status }
            entries[event.userID] = entry
            return true
        case .offline:
            // Whoever says so didn't see the connections here.
            entry.writeAgain()
            set(entry)
            return false
        }
    }

    private mutating func set(_ entry: Entry) {
        let user = entry.user.userID
        touched.insert(user)
        if entry.isNeeded {
            entries[user] = entry
            unwritten.insert(user)
        } else {
            entries[user] = nil
            unwritten.remove(user)
        }
    }
}

extension LocalPresence {
    /// The next changes to write, of at most `limit` users; nil where the directory knows everything.
    package mutating func nextBatch(limit: Int) -> Batch? {
        guard !unwritten.isEmpty else { return nil }
        var batch = Batch(generation: generation)
        for user in unwritten.prefix(limit) {
            unwritten.remove(user)
            guard let entry = entries[user] else { continue }
            let added = entry.connections.subtracting(entry.written)
            let removed = entry.given.subtracting(entry.connections)
            entries[user]?.given.formUnion(added)
            if entry.connections.isEmpty {
                batch.changes.append(.offline(entry.user, removed, isLastHere: true))
                continue
            }
            // First what comes, so that the user is not offline in between.
            if !added.isEmpty { batch.changes.append(.online(entry.user, added, status: entry.status)) }
            if !removed.isEmpty { batch.changes.append(.offline(entry.user, removed, isLastHere: false)) }
            if entry.isStatusUnwritten { batch.changes.append(.status(entry.user, entry.status)) }
        }
        return batch
    }

    /// A batch is written.
    ///
    /// - Parameter outcomes: one a change, in their order; nil for one that the directory can't take.
    /// - Returns: what the other instances have to be told, and everybody here.
    package mutating func complete(_ batch: Batch, with outcomes: [PresenceOutcome?]) -> [PresenceEvent] {
        guard batch.generation == generation else {
            fail(batch)
            return []
        }
        var events: [PresenceEvent] = []
        for (change, outcome) in zip(batch.changes, outcomes) {
            if let event = complete(change, with: outcome) { events.append(event) }
        }
        return events
    }

    /// A batch was not written, or it is not known how much of it.
    package mutating func fail(_ batch: Batch) {
        for change in batch.changes where entries[change.user.userID] != nil { unwritten.insert(change.user.userID) }
    }

    /// The directory has lost everything that was written.
    ///
    /// - Parameter wasReaped: the other instances were told that users of this one are offline: all of them, some or none. So who has gone
    ///   meanwhile is taken out too.
    package mutating func forgetWritten(wasReaped: Bool) {
        generation += 1
        for user in entries.keys {
            entries[user]?.written = []
            if wasReaped { entries[user]?.isAnnounced = false }
            unwritten.insert(user)
        }
    }

    /// The directory misses something of these users.
    package mutating func rewrite(_ users: [UserID]) {
        for user in users where entries[user] != nil {
            entries[user]?.written = []
            unwritten.insert(user)
        }
    }

    /// Compares with whom the directory lists: who is missing there is written again.
    ///
    /// - Returns: those that are listed and not known here: they have gone, and the directory has forgotten that.
    package mutating func compare(withListed listed: Set<UserID>) -> [UserID] {
        rewrite(entries.values.filter { !$0.written.isEmpty && !listed.contains($0.user.userID) }.map(\.user.userID))
        return listed.filter { entries[$0] == nil }
    }

    /// Takes users out of the directory that it lists although they have gone.
    package mutating func takeOut(_ users: [PresentUser], at now: Timestamp) {
        for user in users where entries[user.userID] == nil {
            var entry = Entry(user: user, lastSeen: now)
            entry.isAnnounced = true
            set(entry)
        }
    }

    /// Users to keep from expiring with one of several heartbeats: each has its turn once in `slots` of them.
    package func usersToRefresh(heartbeat: Int, slots: Int) -> [UserID] {
        entries.values.compactMap { entry in
            entry.written.isEmpty || !entry.user.userID.isIn(slot: heartbeat, of: slots) ? nil : entry.user.userID
        }
    }

    /// Users that something has happened to since the last call, as this instance alone sees them.
    package mutating func takeTouched() -> [PresenceRecord] {
        defer { touched.removeAll() }
        return touched.map { user in
            entries[user].map(Self.record) ?? PresenceRecord(userID: user, username: nil, status: .offline, lastSeen: nil)
        }
    }

    /// Forgets who has gone, there being no directory to tell.
    package mutating func dropUnwritten() {
        for user in unwritten where entries[user]?.connections.isEmpty == true { entries[user] = nil }
        unwritten.removeAll()
    }

    private mutating func complete(_ change: PresenceChange, with outcome: PresenceOutcome?) -> PresenceEvent? {
        touched.remove(change.user.userID)
        guard var entry = entries[change.user.userID] else { return nil }
        defer {
            entries[change.user.userID] = entry.isNeeded ? entry : nil
            let isWritten = entry.written == entry.connections && entry.given == entry.connections
            if entry.isNeeded, !isWritten || entry.connections.isEmpty { unwritten.insert(change.user.userID) }
        }
        switch change {
        case .online(let user, let added, _):
            entry.written.formUnion(added)
            if let outcome, !entry.isStatusUnwritten { entry.status = outcome.status }
            defer { entry.isAnnounced = true }
            return entry.isAnnounced ? nil : PresenceEvent(.online, user, outcome)
        case .offline(let user, let removed, let isLastHere):
            entry.written.subtract(removed)
            entry.given.subtract(removed)
            if isLastHere {
                entry.isAnnounced = false
            } else if outcome?.isTurningPoint == true {
                // The other connections here were not seen: lost, or put in only afterwards, where Redis had to be given a script anew.
                entry.writeAgain()
                return nil
            }
            return PresenceEvent(.offline, user, outcome)
        case .status(let user, let status):
            if entry.status == status { entry.isStatusUnwritten = false } else { unwritten.insert(user.userID) }
            return PresenceEvent(.status, user, outcome)
        }
    }
}

extension PresenceChange {
    package var user: PresentUser {
        switch self {
        case .online(let user, _, _), .offline(let user, _, _), .status(let user, _): user
        }
    }
}

extension PresenceEvent {
    /// Nil where nothing has changed for the cluster.
    fileprivate init?(_ kind: Kind, _ user: PresentUser, _ outcome: PresenceOutcome?) {
        guard let outcome, outcome.isTurningPoint else { return nil }
        self.init(kind: kind, userID: user.userID, username: user.username, status: outcome.status, timestamp: outcome.at)
    }
}

extension UserID {
    /// Spreads users evenly over `slots`.
    package func isIn(slot: Int, of slots: Int) -> Bool {
        low % UInt64(max(1, slots)) == UInt64(slot) % UInt64(max(1, slots))
    }
}
