import NIOCore
import NIOSSL

/// Makes connections to servers of a cluster, as the configuration says how to get in.
struct RedisConnector: Sendable {
    typealias Endpoint = RedisConfiguration.Endpoint

    /// How long a server has for each step of telling who serves what, before the next one is asked.
    private static let askTimeout = Duration.seconds(1)

    let eventLoop: any EventLoop
    /// The most that connecting takes, the most that logging in takes, and any further step.
    let timeout: Duration
    private let configuration: RedisConfiguration
    private let name: String
    private let tls: NIOSSLContext?

    /// - Parameter name: shown by `CLIENT LIST`.
    init(_ configuration: RedisConfiguration, name: String, on eventLoop: any EventLoop, timeout: Duration) async throws(RedisError) {
        self.configuration = configuration
        self.name = name
        self.eventLoop = eventLoop
        self.timeout = timeout
        do {
            tls = try await RedisConnection.makeTLSContext(configuration)
        } catch {
            throw RedisError(connecting: error)
        }
    }

    /// Connects to a server that has to be a primary.
    ///
    /// - Parameters:
    ///   - suffix: behind the connection's name.
    ///   - receive: called on the event loop for what a subscription brings.
    func connect(
        to endpoint: Endpoint,
        suffix: String = "",
        receive: @escaping @Sendable (ConnectionEvent) -> Void = { _ in }
    ) -> EventLoopFuture<RedisConnection> {
        let handshake = RedisHandshake(configuration, name: name + suffix)
        return RedisConnection.connect(endpoint, handshake, tls: tls, on: eventLoop, timeout: TimeAmount(timeout), receive: receive)
    }

    /// Asks a server of the cluster, a replica too, who serves what.
    func slots(asking endpoint: Endpoint) async throws(RedisError) -> RedisSlots {
        let limit = min(timeout, Self.askTimeout)
        let handshake = RedisHandshake(configuration, name: name, admitsReplica: true)
        let server = try await RedisConnection.open(endpoint, handshake, tls: tls, on: eventLoop, timeout: limit)
        defer { server.close() }
        let reply = try await server.send(.clusterSlots, within: limit)
        return try Self.slots(reply, from: endpoint)
    }

    static func slots(_ reply: RedisReply, from endpoint: Endpoint) throws(RedisError) -> RedisSlots {
        if let code = reply.errorCode { throw RedisError(.refused, "it doesn't tell who serves which slots (\(code))") }
        return try RedisSlots(reply, from: endpoint)
    }
}

extension RedisCommand {
    static let clusterSlots = Self("CLUSTER", "SLOTS")
}
