import NIOCore

/// The connections that a link is made of.
protocol RedisRoutes: Sendable {
    /// Fulfilled with the reason when the first of the connections that are needed has ended.
    var ended: EventLoopFuture<RedisError> { get }

    /// Sends one command to where it belongs. To be called on the event loop, where `completion` is called too.
    ///
    /// - Parameter limit: how long to wait for the answer; nil as long as the connections live.
    func send(_ command: RedisCommand, within limit: TimeAmount?, completion: @escaping (Result<RedisReply, RedisError>) -> Void)

    /// Changes what is subscribed to. To be called on the event loop.
    func change(_ command: SubscriptionCommand, _ kind: SubscriptionKind)

    /// Asks for a sign of life over connections that carry no probe; what doesn't answer in time ends. To be called on the event loop.
    func keepAlive(within limit: TimeAmount)

    /// Asks each server for a sign of life.
    func ping(within limit: TimeAmount) async throws(RedisError)

    func close(because reason: RedisError)
}
