import LocalCluster
import NIOCore

/// What each thing costs a cluster, for `switchboard capacity`: some of it measured here, the rest by the other scenarios.
struct CostsBenchmark: Sendable {
    let duration: Duration
    let group: any EventLoopGroup

    /// Enough to tell a connection's share from the instance's.
    private static let connections = 2_000
    private static let clients = 50
    private static let subscribers = 200
    private static let depth = 8

    func run() async throws -> [Figure] {
        var values = try await connectionCosts()
        values.merge(try await messageCosts()) { _, new in new }
        values.merge(try await HintCosts(duration: duration, group: group).measure()) { _, new in new }
        values.merge(try await RedisCosts(loop: group.next()).measure()) { _, new in new }
        values[.storedMessage] = try await StoredMessageCost.measure()
        // Whether nothing is missing is asked here, and not only when somebody reckons with it.
        _ = try Costs(values)
        return Cost.allCases.map { Figure(Costs.scenario, $0.rawValue, values[$0] ?? .nan, $0.unit) }
    }

    private func connectionCosts() async throws -> [Cost: Double] {
        let idle = try await IdleBenchmark(connections: Self.connections).run()
        return [
            .instanceMemory: try idle.value("memory of the server without one") * 1_048_576,
            .connectionMemory: try idle.value("memory of a connection") * 1_024,
            .heartbeat: try await HeartbeatCost(connections: Self.connections, duration: duration, group: group).measure(),
        ]
    }

    private func messageCosts() async throws -> [Cost: Double] {
        let durable = try await DurableBenchmark(
            clients: Self.clients,
            recipientsAreConnected: false,
            duration: duration,
            group: group
        ).run()
        let fanout = try await FanoutBenchmark(
            subscribers: Self.subscribers,
            depth: Self.depth,
            duration: duration,
            group: group,
            kinds: [.switchboard],
            peers: ""
        ).run()
        let rounds = try await ReconcileBenchmark(rounds: 20).run()
        guard let idle = rounds.first(where: { $0.measure == "a round" }), let busy = rounds.last(where: { $0.measure == "a round" }) else {
            throw BenchFailure("no round was measured")
        }
        return [
            .send: try durable.value("processor time of the server"),
            .durableRate: try durable.value("acknowledged"),
            .delivery: try fanout.value("processor time of the receiving node"),
            .change: (busy.median - idle.median) / Double(ReconcileBenchmark.busy),
        ]
    }
}

extension [Figure] {
    /// The one of this name.
    fileprivate func value(_ measure: String) throws -> Double {
        guard let figure = first(where: { $0.measure == measure }) else { throw BenchFailure("\"\(measure)\" was not measured") }
        return figure.median
    }
}
