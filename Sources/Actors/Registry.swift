/// Who is here: the users with a connection on this instance.
package actor Registry {
    private struct Entry: Sendable {
        let user: UserActor
        /// Connections that have joined and not left; the entry goes with the last.
        var connections: Int
    }

    /// Changed by this actor alone; behind a lock, so that whoever delivers a message finds its users where it runs.
    private nonisolated let entries = Locked<[UserID: Entry]>([:])
    private var connections = 0
    private var emptyWaiters: [AsyncStream<Never>.Continuation] = []
    /// The uptime until which everybody is asked to leave; nil while nobody is.
    private var drainEnd: Duration?

    private let environment: DeliveryEnvironment

    package init(environment: DeliveryEnvironment) {
        self.environment = environment
    }

    /// The channels that have a member here.
    package nonisolated var channels: ChannelDirectory { environment.channels }

    package nonisolated var freshness: FreshnessGate { environment.freshness }

    /// The number of connections and of users that have one.
    package var counts: (connections: Int, users: Int) {
        (connections, entries.withLock { $0.count })
    }

    /// How many users have one connection here, two, three, and more.
    package var connectionsPerUser: [Int] {
        entries.withLock { $0.values.reduce(into: [0, 0, 0, 0]) { $0[min($1.connections, 4) - 1] += 1 } }
    }

    /// Registers a connection; when it returns, kicks reach it, and what is delivered to its user is known to concern it.
    ///
    /// - Returns: the user's actor, which begins to deliver to the connection with `welcome`.
    @discardableResult
    package func join(_ session: SessionActor, as principal: Principal) async -> UserActor {
        let userID = principal.userID
        let user = entries.withLock { entries in
            var entry = entries[userID] ?? Entry(user: UserActor(userID: userID, environment: environment), connections: 0)
            entry.connections += 1
            entries[userID] = entry
            return entry.user
        }
        connections += 1
        await user.add(session, as: principal)
        if let drainEnd { await user.goAway(session, within: drainEnd - environment.time.uptime()) }
        return user
    }

    /// Forgets a connection that has joined.
    package func leave(_ connection: ConnectionID, of userID: UserID) async {
        let left = entries.withLock { entries -> Entry? in
            guard var entry = entries[userID] else { return nil }
            entry.connections -= 1
            entries[userID] = entry.connections > 0 ? entry : nil
            return entry
        }
        guard let entry = left else { return }
        await entry.user.remove(connection)
        if entry.connections == 0 { await entry.user.retire() }
        // Counted only now: whoever waits until all are gone finds nothing under way.
        connections -= 1
        guard connections == 0 else { return }
        let waiters = emptyWaiters
        emptyWaiters = []
        for waiter in waiters { waiter.finish() }
    }

    /// Returns as soon as nobody is connected, or the task is cancelled.
    package func waitUntilEmpty() async {
        guard connections > 0 else { return }
        let (emptied, waiter) = AsyncStream.makeStream(of: Never.self)
        emptyWaiters.append(waiter)
        for await _ in emptied {}
    }

    package func user(_ id: UserID) -> UserActor? {
        entries.withLock { $0[id]?.user }
    }

    /// Those of some users who are here.
    package nonisolated func users(_ ids: [UserID]) -> [UserActor] {
        entries.withLock { entries in ids.compactMap { entries[$0]?.user } }
    }

    /// All users with a connection here.
    package var everybody: [UserActor] {
        entries.withLock { $0.values.map(\.user) }
    }

    package func isHere(_ id: UserID) -> Bool {
        entries.withLock { $0[id] != nil }
    }

    /// Those of some changes that somebody here has to do with.
    func concerned(by changes: [ConversationChange]) -> [ConversationChange] {
        changes.filter { change in
            switch change.conversationID {
            case .direct(let pair): isHere(pair.first) || isHere(pair.second)
            case .channel(let name): channels.channel(name) != nil
            }
        }
    }

    /// Asks every connection to leave, spread over `window`; also those that join from now on.
    package func goAway(within window: Duration) async {
        drainEnd = environment.time.uptime() + window
        for user in everybody { await user.goAway(within: window) }
    }

    /// Ends every connection.
    package func endAll(_ reason: EndReason) async {
        for user in everybody { await user.endAll(reason) }
    }
}
