import LocalCluster
import NIOCore

/// One channel whose members are on another instance than the sender, who keeps some messages under way: how many deliveries a second that
/// makes, and what each costs; the same beside other servers in one run.
struct FanoutBenchmark: Sendable {
    let subscribers: Int
    /// How many messages are under way at once.
    let depth: Int
    let duration: Duration
    let group: any EventLoopGroup
    let kinds: [FanoutServers.Kind]
    /// The folder of the programs to compare with.
    let peers: String

    private static let warmUp = Duration.seconds(2)

    func run() async throws -> [Figure] {
        var figures: [Figure] = []
        var results: [(kind: FanoutServers.Kind, rate: Double, cost: Double)] = []
        for kind in kinds {
            let servers = try await FanoutServers.start(kind, subscribers: subscribers, peers: peers)
            let measured: (figures: [Figure], rate: Double, cost: Double)
            do {
                measured = try await measure(servers)
            } catch {
                try? await servers.stop()
                throw error
            }
            try await servers.stop()
            figures += measured.figures
            results.append((kind, measured.rate, measured.cost))
        }
        guard let first = results.first else { return figures }
        for other in results.dropFirst() {
            let names = "\(first.kind.rawValue) / \(other.kind.rawValue)"
            let goal: Figure.Goal? = other.kind == .pythonSocketIO ? .atLeast(5) : nil
            figures.append(Figure("fanout", "deliveries, \(names)", first.rate / other.rate, "×", goal: goal))
            guard other.kind == .switchboardSocketIO else { continue }
            figures.append(
                Figure("fanout", "processor time, Socket.IO / client protocol", other.cost / first.cost, "×", goal: .atMost(1.2))
            )
        }
        return figures
    }

    private func measure(_ servers: FanoutServers) async throws -> (figures: [Figure], rate: Double, cost: Double) {
        let run = FanoutRun(subscribers: subscribers, dialect: servers.kind.dialect)
        try await run.connect(to: servers, on: group.next())
        run.start(depth: depth)
        try await Task.sleep(for: Self.warmUp)
        let before = try processorTimes(of: servers)
        let begin = ContinuousClock.now
        run.beginMeasuring()
        try await Task.sleep(for: duration)
        let counts = run.counts
        let elapsed = ContinuousClock.now - begin
        let after = try processorTimes(of: servers)
        run.stop()
        try await DurableBenchmark.wait("the last deliveries of \(servers.kind.rawValue)") { run.isIdle }
        let all = run.counts
        run.disconnect()
        guard all.wrong == 0, all.disordered == 0, counts.delivered > 0 else {
            throw BenchFailure(
                "\(servers.kind.rawValue): \(counts.delivered) delivered, \(all.wrong) wrong, \(all.disordered) out of order"
            )
        }
        let scenario = "fanout \(subscribers)×\(depth) \(servers.kind.rawValue)"
        let rate = Double(counts.delivered) / (elapsed / .seconds(1))
        let isOurs = servers.kind == .switchboard
        let cost = { (index: Int) in (after[index] - before[index]) / .microseconds(1) / Double(counts.delivered) }
        return (
            [
                Figure(scenario, "delivered", rate, "/s"),
                Figure(scenario, "processor time of the receiving node", cost(1), "µs a delivery", goal: isOurs ? .atMost(2) : nil),
                Figure(scenario, "processor time of the sending node", cost(0), "µs a delivery"),
                Figure(scenario, "processor time of the load client", cost(2), "µs a delivery"),
            ] + counts.latencies.figures(scenario, "delivery"),
            rate,
            cost(1)
        )
    }

    private func processorTimes(of servers: FanoutServers) throws -> [Duration] {
        try [servers.sending.meter, servers.receiving.meter, .own].map { try $0.processorTime() }
    }
}
