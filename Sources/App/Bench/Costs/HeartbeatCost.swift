import NIOCore

/// The processor time of an instance for the ping and the pong of a connection that does nothing else, in microseconds.
struct HeartbeatCost: Sendable {
    let connections: Int
    let duration: Duration
    let group: any EventLoopGroup

    func measure() async throws -> Double {
        let database = try await BenchDatabase.start()
        let users = try await BenchUser.seed(connections, in: database)
        let server = try await BenchServer.start("bench", in: database, environment: ["HEARTBEAT_SECONDS": "1"])
        let alone = try await processorTime(of: server)
        let idle = try await LoadConnection.connect(users, to: server.url, on: group)
        let together = try await processorTime(of: server)
        for connection in idle { connection.disconnect() }
        try await server.stop()
        return (together - alone) / .microseconds(1) / Double(connections) / (duration / .seconds(1))
    }

    private func processorTime(of server: BenchServer) async throws -> Duration {
        let before = try server.meter.processorTime()
        try await Task.sleep(for: duration)
        return try server.meter.processorTime() - before
    }
}

extension LoadConnection {
    /// Connects everybody, some at a time.
    static func connect(
        _ users: [BenchUser],
        to base: String,
        on group: any EventLoopGroup,
        onFrame: @escaping @Sendable (Kind, ByteBuffer) -> Void = { _, _ in }
    ) async throws -> [LoadConnection] {
        var connections: [LoadConnection] = []
        for start in stride(from: 0, to: users.count, by: 64) {
            connections += try await withThrowingTaskGroup(of: LoadConnection.self) { tasks in
                for user in users[start..<min(users.count, start + 64)] {
                    tasks.addTask { try await connect(user, to: base, on: group.next(), onFrame: onFrame) }
                }
                return try await tasks.reduce(into: []) { $0.append($1) }
            }
        }
        return connections
    }
}
