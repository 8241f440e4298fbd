import NIOCore

/// A link to one server: a connection for commands, and one that is subscribed. Where one ends, the other is of no use.
struct SingleServer: RedisRoutes {
    let ended: EventLoopFuture<RedisError>
    private let commands: RedisConnection
    private let subscription: RedisConnection

    init(commands: RedisConnection, subscription: RedisConnection) {
        self.commands = commands
        self.subscription = subscription
        let first = commands.eventLoop.makePromise(of: RedisError.self)
        commands.closed.cascadeSuccess(to: first)
        subscription.closed.cascadeSuccess(to: first)
        ended = first.futureResult
    }

    func send(_ command: RedisCommand, within limit: TimeAmount?, completion: @escaping (Result<RedisReply, RedisError>) -> Void) {
        commands.send(command, within: limit, completion: completion)
    }

    func change(_ command: SubscriptionCommand, _ kind: SubscriptionKind) {
        switch command {
        case .subscribe(let channels): subscription.change(.subscribe(channels, kind))
        case .unsubscribe(let channels): subscription.change(.unsubscribe(channels, kind))
        }
    }

    /// The probe goes over both.
    func keepAlive(within limit: TimeAmount) {}

    func ping(within limit: TimeAmount) async throws(RedisError) {}

    func close(because reason: RedisError) {
        commands.close(because: reason)
        subscription.close()
    }
}
