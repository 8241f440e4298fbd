import DequeModule

/// Who on this instance wants to know of whom, and what they have been told.
///
/// Changes of one user are held back for a moment and told as one: who was offline for less than that was never gone.
package struct PresenceWatch: Sendable {
    private struct Subject: Sendable {
        /// Connections that asked for it.
        var connections: Set<ConnectionID> = []
        /// Users of this instance who share a direct conversation with this one.
        var contacts: Set<UserID> = []
        var known: UserPresence?
        /// By the directory's clock, where that is known.
        var knownAt: Timestamp?
        var changedAt: UInt64 = 0
        /// What every watcher was told last; nil where none was told anything.
        var told: PresenceStatus?
        var isPending = false

        var isWatched: Bool { !connections.isEmpty || !contacts.isEmpty }
    }

    /// What is to be told, and to whom.
    package struct Notice: Hashable, Sendable {
        package let presence: UserPresence
        package let connections: Set<ConnectionID>
        /// Users whose connections are meant, all of them.
        package let contacts: Set<UserID>
    }

    /// What a read of the directory began with: what has changed since is newer than its answer.
    package struct ReadStart: Hashable, Sendable {
        fileprivate let change: UInt64
    }

    /// An event may come behind a later one by this much; one that is older still means that the directory's clock was set back.
    private static let disorder = Duration.seconds(10)

    private let window: Duration
    private var subjects: [UserID: Subject] = [:]
    private var watched: [ConnectionID: Set<UserID>] = [:]
    private var contacts: [UserID: Set<UserID>] = [:]
    private var pending: Deque<(deadline: Duration, user: UserID)> = []
    private var change: UInt64 = 0
    private var dropped: Set<UserID> = []

    /// - Parameter window: how long a change waits for the next one of the same user.
    package init(window: Duration = .seconds(1)) {
        self.window = window
    }

    /// Users that somebody here wants to know of.
    package var subjectCount: Int { subjects.count }

    /// When the next change has waited long enough, as uptime; nil where none waits.
    package var nextDeadline: Duration? { pending.first?.deadline }

    package var readStart: ReadStart { ReadStart(change: change) }

    package func isWatched(_ user: UserID) -> Bool { subjects[user] != nil }

    /// What was learned last of a watched user.
    package func known(of user: UserID) -> UserPresence? { subjects[user]?.known }

    /// Watched users whose turn it is: each once in `slots` calls.
    package func usersToRead(slot: Int, of slots: Int) -> [UserID] {
        subjects.keys.filter { $0.isIn(slot: slot, of: slots) }
    }

    package var users: [UserID] { Array(subjects.keys) }
}

extension PresenceWatch {
    /// Adds users to those that a connection watches.
    ///
    /// - Returns: false where that would be more than one connection may watch; then nothing is changed.
    package mutating func watch(_ users: [UserID], by connection: ConnectionID, limit: Int = PresenceCommand.watchLimit) -> Bool {
        let all = watched[connection, default: []].union(users)
        guard all.count <= limit else { return false }
        watched[connection] = all
        for user in users { subjects[user, default: Subject()].connections.insert(connection) }
        return true
    }

    package mutating func unwatch(_ users: [UserID], by connection: ConnectionID) {
        for user in users where watched[connection]?.remove(user) != nil {
            subjects[user]?.connections.remove(connection)
            dropIfUnwatched(user)
        }
        if watched[connection]?.isEmpty == true { watched[connection] = nil }
    }

    /// The connection has gone.
    package mutating func remove(_ connection: ConnectionID) {
        for user in watched.removeValue(forKey: connection) ?? [] {
            subjects[user]?.connections.remove(connection)
            dropIfUnwatched(user)
        }
    }

    /// Has all connections of `user` hear of these people too.
    package mutating func addContacts(_ others: Set<UserID>, of user: UserID) {
        guard !others.isEmpty else { return }
        contacts[user, default: []].formUnion(others)
        for other in others { subjects[other, default: Subject()].contacts.insert(user) }
    }

    /// The user's last connection has gone.
    package mutating func removeContacts(of user: UserID) {
        for other in contacts.removeValue(forKey: user) ?? [] {
            subjects[other]?.contacts.remove(user)
            dropIfUnwatched(other)
        }
    }

    private mutating func dropIfUnwatched(_ user: UserID) {
        guard subjects[user]?.isWatched == false else { return }
        subjects[user] = nil
        dropped.insert(user)
    }

    /// Users who have lost their last watcher since the last call.
    package mutating func takeDropped() -> Set<UserID> {
        defer { dropped.removeAll() }
        return dropped
    }
}

extension PresenceWatch {
    /// Something was heard of a user; told once the window is over, where it is news then.
    ///
    /// - Parameters:
    ///   - at: by the directory's clock; nil for what only this instance knows.
    ///   - now: the uptime.
    package mutating func receive(_ presence: UserPresence, at: Timestamp?, now: Duration) {
        guard var subject = subjects[presence.userID] else { return }
        if let at, let knownAt = subject.knownAt, at < knownAt, knownAt - at < Self.disorder { return }
        change += 1
        subject.changedAt = change
        subject.known = presence
        subject.knownAt = at ?? subject.knownAt
        subjects[presence.userID] = subject
        schedule(presence.userID, now: now)
    }

    /// The directory was read: what it says counts of those of whom nothing was heard since.
    package mutating func reconcile(_ read: [UserPresence], since start: ReadStart, now: Duration) {
        for presence in read {
            guard let subject = subjects[presence.userID], subject.changedAt <= start.change else { continue }
            subjects[presence.userID]?.known = presence
            if subject.told == nil {
                // Where a change waits, it is the first that watchers hear.
                if !subject.isPending { subjects[presence.userID]?.told = presence.status }
            } else if subject.told != presence.status {
                schedule(presence.userID, now: now)
            }
        }
    }

    /// What a connection is answered that has just begun to watch `users`, and what others have to be told before, so that all
    /// of them have been told the same.
    package mutating func answer(
        _ users: [UserID],
        for connection: ConnectionID,
        read: [UserID: UserPresence],
        since start: ReadStart
    ) -> (states: [UserPresence], notices: [Notice]) {
        var states: [UserPresence] = []
        var notices: [Notice] = []
        for user in users {
            let fallback = read[user] ?? UserPresence(userID: user, status: .offline, lastSeen: nil)
            guard var subject = subjects[user] else {
                states.append(fallback)
                continue
            }
            if subject.changedAt <= start.change { subject.known = fallback }
            let presence = subject.known ?? fallback
            if subject.told != nil || subject.isPending, subject.told != presence.status {
                let others = subject.connections.subtracting([connection])
                notices.append(Notice(presence: presence, connections: others, contacts: subject.contacts))
            }
            subject.told = presence.status
            subjects[user] = subject
            states.append(presence)
        }
        return (states, notices)
    }

    /// What is to be told now that it is `now`.
    package mutating func takeDue(now: Duration) -> [Notice] {
        var notices: [Notice] = []
        while let first = pending.first, first.deadline <= now {
            pending.removeFirst()
            guard var subject = subjects[first.user], subject.isPending else { continue }
            subject.isPending = false
            if let known = subject.known, known.status != subject.told {
                subject.told = known.status
                notices.append(Notice(presence: known, connections: subject.connections, contacts: subject.contacts))
            }
            subjects[first.user] = subject
        }
        return notices
    }

    private mutating func schedule(_ user: UserID, now: Duration) {
        guard subjects[user]?.isPending == false else { return }
        subjects[user]?.isPending = true
        pending.append((now + window, user))
    }
}
