import Actors
import NIOCore
import Transport

/// A client of a measured server of whatever kind.
enum PeerClient {
    /// What has happened before the client is where it should be.
    private struct Progress {
        var connection: WebSocketConnection?
        /// What there is to say once the connection is known here.
        var early: [String] = []
        var isConnected = false
        var joined = 0
    }

    /// Connects, and where clients of that kind ask for it, joins channels; returns when the server has let it into all of them.
    ///
    /// - Parameters:
    ///   - token: nil where the server asks for none.
    ///   - channels: left out where the server knows already who is in which.
    ///   - onMessage: called on the event loop with the number of each message.
    static func connect(
        to base: String,
        as dialect: FanoutDialect,
        token: String? = nil,
        in channels: [String] = [],
        on loop: any EventLoop,
        onMessage: @escaping @Sendable (Int) -> Void = { _ in }
    ) async throws -> WebSocketConnection {
        guard let url = WebSocketURL(base + dialect.path) else { throw BenchFailure("\(base) is no address") }
        let ready = loop.makePromise(of: Void.self)
        let awaited = dialect.joins ? channels.count : 0
        let progress = Locked(Progress())
        let say = { @Sendable (texts: [String]) in
            let connection = progress.withLock { progress -> WebSocketConnection? in
                if progress.connection == nil { progress.early += texts }
                return progress.connection
            }
            for text in texts { connection?.send(text: text) }
        }
        let react = { @Sendable (reaction: FanoutDialect.Reaction) in
            switch reaction {
            case .connected:
                progress.withLock { $0.isConnected = true }
                if dialect.joins { say(channels.map(dialect.joining)) }
            case .joined: progress.withLock { $0.joined += 1 }
            case .answer(let text): return say([text])
            case .delivered(let number): return onMessage(number)
            case .nothing: return
            }
            if progress.withLock({ $0.isConnected && $0.joined >= awaited }) { ready.succeed() }
        }
        let connection: WebSocketConnection
        do {
            var options = WebSocketClientOptions()
            options.connectTimeout = .seconds(30)
            connection = try await WebSocketConnection.connect(
                to: url,
                headers: token.map { [("Authorization", "Bearer \($0)")] } ?? [],
                on: loop,
                options: options
            ) { react(dialect.reaction(to: $0)) }
        } catch {
            ready.fail(error)
            throw error
        }
        try await loop.submit {
            let early = progress.withLock { progress in
                progress.connection = connection
                return progress.early
            }
            for text in early { connection.send(text: text) }
            if dialect.isConnectedByUpgrade { react(.connected) }
        }.get()
        let deadline = loop.scheduleTask(in: .seconds(60)) { ready.fail(BenchFailure("a client did not get into its channels")) }
        defer { deadline.cancel() }
        try await ready.futureResult.get()
        return connection
    }
}

/// Makes so many connections, some at the same time: more would wait in the system's queue.
func connectAll<Connection: Sendable>(
    _ count: Int,
    atOnce: Int = 64,
    _ connect: @escaping @Sendable (Int) async throws -> Connection
) async throws -> [Connection] {
    try await withThrowingTaskGroup(of: Connection.self) { tasks in
        var connections: [Connection] = []
        var next = 0
        while connections.count < count {
            while next < min(count, connections.count + atOnce) {
                tasks.addTask { [next] in try await connect(next) }
                next += 1
            }
            guard let connection = try await tasks.next() else { break }
            connections.append(connection)
        }
        return connections
    }
}
