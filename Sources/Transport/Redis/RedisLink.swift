import NIOCore

/// The connections that carry the bus: for commands, and for what is subscribed to. It ends as a whole.
final class RedisLink: Sendable {
    let eventLoop: any EventLoop
    private let routes: any RedisRoutes

    private init(_ routes: any RedisRoutes, on eventLoop: any EventLoop) {
        self.routes = routes
        self.eventLoop = eventLoop
    }

    /// The most channels that one `SUBSCRIBE` names.
    private static let batchSize = 512

    /// Connects to the primary, or to all of a cluster, and subscribes; returns when the last subscription is confirmed.
    ///
    /// - Parameters:
    ///   - known: where a cluster was found last; told where it is found now.
    ///   - patterns: what is subscribed to besides, as patterns.
    ///   - shards: what is subscribed to besides, as sharded channels.
    ///   - timeout: for each step.
    ///   - receive: called on the event loop for what the subscription brings, from the first confirmed channel on.
    static func open(
        _ configuration: RedisConfiguration,
        known: KnownServers,
        name: String,
        channels: [String],
        patterns: [String] = [],
        shards: [String] = [],
        on eventLoop: any EventLoop,
        timeout: Duration,
        receive: @escaping @Sendable (SubscriptionEvent) -> Void
    ) async throws(RedisError) -> RedisLink {
        if case .cluster(let named) = configuration.location {
            let connector = try await RedisConnector(configuration, name: name, on: eventLoop, timeout: timeout)
            let cluster = try await RedisCluster.open(named, known: known, connector: connector, receive: receive)
            try await cluster.subscribe(channels: channels, patterns: patterns, shards: shards, batchSize: batchSize)
            return RedisLink(cluster, on: eventLoop)
        }
        let (commands, endpoint) = try await RedisConnection.openPrimary(configuration, name: name, on: eventLoop, timeout: timeout)
        do throws(RedisError) {
            let subscription = try await RedisConnection.open(
                configuration,
                at: endpoint,
                name: "\(name)-subscription",
                on: eventLoop,
                timeout: timeout
            ) { event in
                if let event = SubscriptionEvent(event) { receive(event) }
            }
            let server = SingleServer(commands: commands, subscription: subscription)
            do throws(RedisError) {
                for (kind, names) in [(SubscriptionKind.channels, channels), (.patterns, patterns), (.shards, shards)] {
                    for batch in names.chunks(of: batchSize) {
                        try await subscription.subscribe(to: batch, kind, within: timeout)
                    }
                }
            } catch {
                subscription.close()
                throw error
            }
            return RedisLink(server, on: eventLoop)
        } catch {
            commands.close()
            throw error
        }
    }

    /// Sends one command and calls `completion` on the event loop, where this has to be called too. Waits as long as the link lives.
    func send(_ command: RedisCommand, completion: @escaping (Result<RedisReply, RedisError>) -> Void) {
        routes.send(command, within: nil, completion: completion)
    }

    /// Sends commands in one go, each to the server that takes it, and waits for all their answers. A cancelled task waits on: its neighbours'
    /// answers come over the same lines.
    ///
    /// - Returns: the answers in the order of the commands; an error that Redis answers is one too.
    /// - Throws: `.timeout`, `.closed`, `.overloaded`, `.protocolViolation`.
    func send(_ commands: [RedisCommand], within limit: Duration) async throws(RedisError) -> [RedisReply] {
        let promises = commands.map { _ in eventLoop.makePromise(of: RedisReply.self) }
        eventLoop.execute {
            for (command, promise) in zip(commands, promises) {
                self.routes.send(command, within: TimeAmount(limit)) { promise.complete(with: $0) }
            }
        }
        do {
            return try await EventLoopFuture.whenAllSucceed(promises.map(\.futureResult), on: eventLoop).get()
        } catch {
            throw RedisError(connecting: error)
        }
    }

    /// As the other, for one.
    func send(_ command: RedisCommand, within limit: Duration) async throws(RedisError) -> RedisReply {
        try await send([command], within: limit)[0]
    }

    /// Changes what is subscribed to. To be called on the event loop; each channel's answer comes to `receive`.
    func change(_ command: SubscriptionCommand, _ kind: SubscriptionKind = .channels) {
        routes.change(command, kind)
    }

    /// Asks the servers that no probe comes by for a sign of life: without one in time the link ends. To be called on the event loop.
    func keepAlive(within limit: Duration) {
        routes.keepAlive(within: TimeAmount(limit))
    }

    /// Asks each server of a cluster for a sign of life; a single one is asked nothing.
    func ping(within limit: Duration) async throws(RedisError) {
        try await routes.ping(within: TimeAmount(limit))
    }

    /// Waits until one connection has ended; the reason. A cancelled task closes all.
    func waitUntilClosed() async -> RedisError {
        await withTaskCancellationHandler {
            (try? await routes.ended.get()) ?? .closed
        } onCancel: {
            close()
        }
    }

    func close() {
        routes.close(because: .closed)
    }

    /// Closes the link where an answer says that the server became a replica: what it is told from then on, nobody else hears.
    func leaveReplica(_ replies: [RedisReply]) {
        if replies.contains(where: { $0.errorCode == "READONLY" }) { routes.close(because: .replica) }
    }
}
