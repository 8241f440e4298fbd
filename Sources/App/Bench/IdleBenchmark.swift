import Actors
import LocalCluster
import NIOCore
import NIOPosix

/// What a connection costs that does nothing: each belongs to somebody else and has been welcomed.
struct IdleBenchmark: Sendable {
    let connections: Int
    let group: any EventLoopGroup

    /// Connections that are there before the first reading: what the first of them makes once is no connection's memory.
    private static let first = 100
    /// How many connect at the same time.
    private static let atOnce = 64

    func run() async throws -> [Figure] {
        let database = try await BenchDatabase.start()
        let users = try await BenchUser.seed(Self.first + connections, in: database)
        let server = try await BenchServer.start("bench", in: database)
        let scenario = "idle \(connections)"
        let fresh = try await server.meter.settledResidentBytes()
        let early = try await connect(users.prefix(Self.first), to: server)
        let before = try await server.meter.settledResidentBytes()
        let processorBefore = try server.meter.processorTime()
        let start = ContinuousClock.now
        let idle = try await connect(users.dropFirst(Self.first), to: server)
        let elapsed = ContinuousClock.now - start
        let processor = try server.meter.processorTime() - processorBefore
        let after = try await server.meter.settledResidentBytes()
        let open = try server.meter.openFiles()
        guard open >= users.count else { throw BenchFailure("of \(users.count) connections the server has \(open) at most") }
        let count = Double(idle.count)
        for connection in early + idle { connection.disconnect() }
        let afterClosing = try await server.meter.settledResidentBytes()
        try await server.stop()
        return [
            Figure(scenario, "memory of a connection", Double(after - before) / count / 1_024, "KiB", goal: .atMost(9_000 / 1_024)),
            Figure(scenario, "memory of the server without one", Double(fresh) / 1_048_576, "MiB", goal: .atMost(40_000_000 / 1_048_576)),
            Figure(scenario, "memory of the server with all", Double(after) / 1_048_576, "MiB"),
            Figure(scenario, "memory of the server once they are closed", Double(afterClosing) / 1_048_576, "MiB"),
            Figure(scenario, "connected, upgraded and welcomed", count / (elapsed / .seconds(1)), "/s", goal: .atLeast(5_000)),
            Figure(scenario, "processor time of the server for it", processor / .microseconds(1) / count, "µs each"),
        ]
    }

    private func connect(_ users: ArraySlice<BenchUser>, to server: BenchServer) async throws -> [LoadConnection] {
        try await withThrowingTaskGroup(of: LoadConnection.self) { tasks in
            var waiting = users[...]
            var connections: [LoadConnection] = []
            for user in waiting.prefix(Self.atOnce) {
                tasks.addTask { try await LoadConnection.connect(user, to: server.url, on: group.next()) }
            }
            waiting = waiting.dropFirst(Self.atOnce)
            while let connection = try await tasks.next() {
                connections.append(connection)
                guard let user = waiting.popFirst() else { continue }
                tasks.addTask { try await LoadConnection.connect(user, to: server.url, on: group.next()) }
            }
            return connections
        }
    }
}
