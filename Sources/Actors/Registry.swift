/// Who is here: the users with a connection on this instance.
package actor Registry {
    private struct Entry {
        let user: UserActor
        /// Connections that have joined and not left; the entry goes with the last.
        var connections: Int
    }

    private var entries: [UserID: Entry] = [:]
    private var connections = 0
    private var emptyWaiters: [CheckedContinuation<Void, Never>] = []

    private let environment: DeliveryEnvironment

    package init(environment: DeliveryEnvironment) {
        self.environment = environment
    }

    /// The channels that have a member here.
    package nonisolated var channels: ChannelDirectory { environment.channels }

    package nonisolated var freshness: FreshnessGate { environment.freshness }

    /// The number of connections and of users that have one.
    package var counts: (connections: Int, users: Int) {
        (connections, entries.count)
    }

    /// How many users have one connection here, two, three, and more.
    package var connectionsPerUser: [Int] {
        entries.values.reduce(into: [0, 0, 0, 0]) { $0[min($1.connections, 4) - 1] += 1 }
    }

    /// Registers a connection; when it returns, kicks reach it, and what is delivered to its user is known to concern it.
    ///
    /// - Returns: the user's actor, which begins to deliver to the connection with `welcome`.
    @discardableResult
    package func join(_ session: SessionActor, as principal: Principal) async -> UserActor {
        let userID = principal.userID
        var entry = entries[userID] ?? Entry(user: UserActor(userID: userID, environment: environment), connections: 0)
        entry.connections += 1
        entries[userID] = entry
        connections += 1
        await entry.user.add(session, as: principal)
        return entry.user
    }

    /// Forgets a connection that has joined.
    package func leave(_ connection: ConnectionID, of userID: UserID) async {
        guard var entry = entries[userID] else { return }
        entry.connections -= 1
        entries[userID] = entry.connections > 0 ? entry : nil
        await entry.user.remove(connection)
        if entry.connections == 0 { await entry.user.retire() }
        // Counted only now: whoever waits until all are gone finds nothing under way.
        connections -= 1
        guard connections == 0 else { return }
        let waiters = emptyWaiters
        emptyWaiters = []
        for waiter in waiters { waiter.resume() }
    }

    /// Returns as soon as nobody is connected.
    package func waitUntilEmpty() async {
        guard connections > 0 else { return }
        await withCheckedContinuation { emptyWaiters.append($0) }
    }

    package func user(_ id: UserID) -> UserActor? {
        entries[id]?.user
    }

    package func users(_ ids: [UserID]) -> [UserActor] {
        ids.compactMap { entries[$0]?.user }
    }

    /// All users with a connection here.
    package var everybody: [UserActor] {
        entries.values.map(\.user)
    }

    package func isHere(_ id: UserID) -> Bool {
        entries[id] != nil
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

    /// Asks every connection to leave, spread over `window`.
    package func goAway(within window: Duration) async {
        for entry in Array(entries.values) {
            await entry.user.goAway(within: window)
        }
    }
}
