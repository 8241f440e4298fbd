import Actors
import LocalCluster
import NIOCore
import Transport

/// The direct messages of `DirectMessageBenchmark` between two processes of other servers over Redis: to a channel in which the recipient
/// is alone. They store nothing and acknowledge nothing.
struct DirectMessagePeersBenchmark: Sendable {
    /// Messages a second.
    let rate: Int
    let duration: Duration
    let group: any EventLoopGroup
    let peers: String

    private static let pairs = 50
    private static let warmUp = Duration.seconds(2)

    func run() async throws -> [Figure] {
        var figures: [Figure] = []
        for kind in FanoutServers.Kind.peers {
            let servers = try await FanoutServers.start(kind, subscribers: 0, peers: peers)
            do {
                figures += try await measure(servers)
            } catch {
                try? await servers.stop()
                throw error
            }
            try await servers.stop()
        }
        return figures
    }

    private func measure(_ servers: FanoutServers) async throws -> [Figure] {
        let dialect = servers.kind.dialect
        let loop = group.next()
        let warmUp = Int(Double(rate) * (Self.warmUp / .seconds(1)))
        let count = warmUp + Int(Double(rate) * (duration / .seconds(1)))
        let times = ArrivalTimes(count: count, warmUp: warmUp)
        let clock = Locked<OpenLoop?>(nil)
        let recipients = try await connectAll(Self.pairs) { pair in
            try await PeerClient.connect(to: servers.receiving.url, as: dialect, in: ["pair-\(pair)"], on: loop) { number in
                guard let openLoop = clock.withLock(\.self) else { return }
                times.arrived(number, due: openLoop.dueTime)
            }
        }
        let senders = try await connectAll(Self.pairs) { _ in
            try await PeerClient.connect(to: servers.sending.url, as: dialect, on: loop)
        }
        let nodes = [servers.sending.meter, servers.receiving.meter]
        let before = try nodes.map { try $0.processorTime() }
        let openLoop = OpenLoop(rate: rate, count: count, on: loop) { number in
            let pair = number % senders.count
            senders[pair].send(text: dialect.message(number, in: "pair-\(pair)"))
        }
        clock.withLock { $0 = openLoop }
        try await openLoop.run()
        try await DurableBenchmark.wait("the last messages of \(servers.kind.rawValue)") { times.arrived == count }
        let after = try nodes.map { try $0.processorTime() }
        for connection in senders + recipients { connection.disconnect() }
        guard times.repeated == 0 else { throw BenchFailure("\(servers.kind.rawValue) delivered \(times.repeated) messages twice") }
        let scenario = "dm \(rate)/s \(servers.kind.rawValue)"
        let cost = { (node: Int) in (after[node] - before[node]) / .microseconds(1) / Double(count) }
        return times.latencies.figures(scenario, "delivery A→B")
            + openLoop.lateness.figures(scenario, "of that, late from the load client")
            + [
                Figure(scenario, "processor time of A", cost(0), "µs each"),
                Figure(scenario, "processor time of B", cost(1), "µs each"),
            ]
    }
}
