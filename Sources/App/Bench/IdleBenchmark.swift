import Actors
import LocalCluster
import NIOCore

/// What a connection costs that does nothing: each belongs to somebody else and has been welcomed.
///
/// Where one process may not have as many descriptors, several instances hold them, each its share.
struct IdleBenchmark: Sendable {
    let connections: Int

    /// Connections of each instance that are there before the first reading: what the first of them makes once is no connection's memory.
    private static let first = 100
    /// How many connect at the same time.
    private static let atOnce = 256

    func run() async throws -> [Figure] {
        let database = try await BenchDatabase.start()
        let shares = Self.shares(of: connections)
        let users = try await BenchUser.seed(shares.reduce(0) { $0 + Self.first + $1 }, in: database)
        var instances: [Instance] = []
        var rest = users[...]
        for (number, share) in shares.enumerated() {
            let server = try await BenchServer.start("bench-\(number)", in: database)
            let own = rest.prefix(Self.first + share)
            rest = rest.dropFirst(own.count)
            instances.append(Instance(server: server, early: own.prefix(Self.first), others: own.dropFirst(Self.first)))
        }
        let figures = try await measure(instances, in: database)
        for instance in instances { try await instance.server.stop() }
        return figures
    }

    private struct Instance: Sendable {
        let server: BenchServer
        let early: ArraySlice<BenchUser>
        let others: ArraySlice<BenchUser>
    }

    private func measure(_ instances: [Instance], in database: BenchDatabase) async throws -> [Figure] {
        let servers = instances.map(\.server.meter)
        let fresh = try await settledResidentBytes(servers)
        let early = try await open(instances.map { ($0.early, $0.server) }, in: database)
        let before = try await settledResidentBytes(servers)
        let processorBefore = try processorTime(servers)
        let held = try await open(instances.map { ($0.others, $0.server) }, in: database)
        let processor = try processorTime(servers) - processorBefore
        let clientProcessor = try processorTime(held.map(\.meter))
        let after = try await settledResidentBytes(servers)
        let open = try servers.reduce(0) { $0 + (try $1.openFiles()) }
        guard open >= connections else { throw BenchFailure("of \(connections) connections the servers have \(open) at most") }
        for client in early + held { try await client.close() }
        let afterClosing = try await settledResidentBytes(servers)
        let elapsed = Duration.nanoseconds((held.map(\.end).max() ?? 0) - (held.map(\.begin).min() ?? 0))
        let scenario = "idle \(connections)"
        let count = Double(connections)
        let mebibyte = 1_048_576.0
        var figures = [
            Figure(scenario, "memory of a connection", Double(after - before) / count / 1_024, "KiB", goal: .atMost(9_000 / 1_024)),
            Figure(
                scenario,
                "memory of the server without one",
                Double(fresh) / Double(servers.count) / mebibyte,
                "MiB",
                goal: .atMost(40_000_000 / mebibyte)
            ),
            Figure(scenario, "memory of the server with all", Double(after) / mebibyte, "MiB"),
            Figure(scenario, "memory of the server once they are closed", Double(afterClosing) / mebibyte, "MiB"),
            Figure(scenario, "connected, upgraded and welcomed", count / (elapsed / .seconds(1)), "/s", goal: .atLeast(5_000)),
            Figure(scenario, "processor time of the server for it", processor / .microseconds(1) / count, "µs each"),
            Figure(scenario, "processor time of the load client for it", clientProcessor / .microseconds(1) / count, "µs each"),
        ]
        if servers.count > 1 { figures.append(Figure(scenario, "instances that hold them", Double(servers.count), "")) }
        return figures
    }

    /// As many connections for each instance as its descriptors allow.
    private static func shares(of connections: Int) -> [Int] {
        let limits = ConnectionLimits(
            files: FileLimit.raise().now,
            wanted: nil,
            poolSize: SettingsTable.databasePoolSize.fallback,
            loops: NIOSingletons.groupLoopCountSuggestion
        )
        let possible = limits.connections - first
        let count = max(1, (connections + possible - 1) / max(1, possible))
        return (0..<count).map { connections * ($0 + 1) / count - connections * $0 / count }
    }

    private func open(
        _ shares: [(users: ArraySlice<BenchUser>, server: BenchServer)],
        in database: BenchDatabase
    ) async throws -> [HeldConnections] {
        try await withThrowingTaskGroup(of: HeldConnections.self) { group in
            for share in shares {
                group.addTask {
                    try await HeldConnections.open(
                        share.users,
                        atOnce: Self.atOnce / shares.count,
                        to: share.server,
                        in: database.directory
                    )
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    private func processorTime(_ meters: [ProcessMeter]) throws -> Duration {
        try meters.reduce(.zero) { $0 + (try $1.processorTime()) }
    }

    private func settledResidentBytes(_ meters: [ProcessMeter]) async throws -> Int {
        var bytes = 0
        for meter in meters { bytes += try await meter.settledResidentBytes() }
        return bytes
    }
}
