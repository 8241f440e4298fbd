import NIOCore

/// A link to a cluster: a connection for commands to each primary, one that is subscribed to what is broadcast, and one to each primary whose
/// sharded channels are listened to. What is for no server in particular goes to one of them, its home, and what is published there everybody hears.
///
/// Where one of the connections ends, the link does. Its functions are to be called on the event loop, unless they say otherwise.
final class RedisCluster: RedisRoutes {
    typealias Endpoint = RedisConfiguration.Endpoint
    typealias Completion = (Result<RedisReply, RedisError>) -> Void
    typealias User = (Result<RedisConnection, RedisError>) -> Void

    /// What a connection to a server is for.
    enum Purpose: Hashable, Sendable {
        case commands
        case broadcasts
        case shards
    }

    struct Place: Hashable, Sendable {
        let endpoint: Endpoint
        let purpose: Purpose
    }

    struct State {
        var slots: RedisSlots
        var nodes = RedisNodes<Place, RedisConnection, User>()
        var shards = ShardSubscriptions()
        /// Since when listening connections owe a sign of life.
        var pinged: [Endpoint: NIODeadline] = [:]
        var isRefreshing = false
        /// Fulfilled when all sharded channels are heard that were asked for at first.
        var confirmation: EventLoopPromise<Void>?
        var isOver = false
    }

    let ended: EventLoopFuture<RedisError>
    let connector: RedisConnector
    let home: Endpoint
    let state: NIOLoopBoundBox<State>
    let receive: @Sendable (SubscriptionEvent) -> Void
    let known: KnownServers
    private let ending: EventLoopPromise<RedisError>

    /// May be called anywhere; nothing is connected yet.
    ///
    /// - Parameter receive: called on the event loop for what the subscriptions bring.
    init(
        _ slots: RedisSlots,
        home: Endpoint,
        connector: RedisConnector,
        known: KnownServers,
        receive: @escaping @Sendable (SubscriptionEvent) -> Void
    ) {
        self.home = home
        self.connector = connector
        self.known = known
        self.receive = receive
        state = NIOLoopBoundBox.makeBoxSendingValue(State(slots: slots), eventLoop: connector.eventLoop)
        ending = connector.eventLoop.makePromise()
        ended = ending.futureResult
    }

    /// Gives `body` the connection of a place: at once, or when it is made.
    func use(_ place: Place, _ body: @escaping User) {
        guard !state.value.isOver else { return body(.failure(.closed)) }
        switch state.value.nodes.use(place, body) {
        case .now(let connection): body(.success(connection))
        case .refuse(let body): body(.failure(RedisError(.overloaded, "too many commands wait for a connection")))
        case .wait: break
        case .open: open(place)
        }
    }

    /// May be called anywhere.
    func close(because reason: RedisError) {
        connector.eventLoop.execute { self.finish(reason) }
    }

    /// Ends all connections, and returns when nothing is told of them any more. May be called anywhere.
    func end(because reason: RedisError) async {
        close(because: reason)
        _ = try? await ended.get()
    }

    /// Ends all connections; who waits for something is told the reason.
    func finish(_ reason: RedisError) {
        guard !state.value.isOver else { return }
        state.value.isOver = true
        let (connections, users) = state.value.nodes.removeAll()
        for connection in connections { connection.close(because: reason) }
        for user in users { user(.failure(reason)) }
        state.value.confirmation?.fail(reason)
        state.value.confirmation = nil
        ending.succeed(reason)
    }

    private func open(_ place: Place) {
        let connection =
            switch place.purpose {
            case .commands: connector.connect(to: place.endpoint)
            case .broadcasts, .shards:
                connector.connect(to: place.endpoint, suffix: "-subscription") { self.heard($0, from: place.endpoint) }
            }
        connection.whenComplete { result in
            switch result {
            case .success(let connection): self.opened(place, connection)
            case .failure(let error): self.finish(RedisError(connecting: error).about("\(place.endpoint)"))
            }
        }
    }

    private func opened(_ place: Place, _ connection: RedisConnection) {
        guard !state.value.isOver else { return connection.close() }
        if place.purpose == .shards { connection.listen() }
        let users = state.value.nodes.opened(place, connection)
        connection.closed.whenSuccess { reason in
            let isNeeded = self.state.value.nodes.connections.contains { $0.place == place && $0.connection === connection }
            if isNeeded { self.finish(reason.about("\(place.endpoint)")) }
        }
        for user in users { user(.success(connection)) }
    }

    private func heard(_ event: ConnectionEvent, from endpoint: Endpoint) {
        // Whoever is told may be about another link by now.
        guard !state.value.isOver else { return }
        switch event {
        case .message(let channel, let payload), .shard(.message(let channel, let payload)):
            receive(.message(channel: channel, payload: payload))
        case .changed(let channel): receive(.changed(channel: channel))
        case .shard(let reply):
            if reply == .pong { state.value.pinged[endpoint] = nil }
            act(on: state.value.shards.told(reply, by: endpoint, state.value.slots))
        }
    }
}
