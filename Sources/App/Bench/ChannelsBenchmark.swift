import LocalCluster
import NIOCore
import Transport

/// What a busy channel costs beside many idle ones, and what it costs alone: two servers at once, one of them with the busy channel and its
/// members and nothing else, that get the same messages in turns.
struct ChannelsBenchmark: Sendable {
    /// Idle channels.
    var channels = 1_000
    /// Of each channel, the busy one too.
    var members = 50
    /// People who are connected beside the idle channels: each is in as many of them.
    var people = 1_000
    /// Of the messages to each of the two servers.
    let duration: Duration
    let group: any EventLoopGroup
    let kinds: [FanoutServers.Kind]
    let peers: String

    /// Messages a second.
    private static let rate = 200
    /// One server's turn.
    private static let turn = Duration.seconds(1)
    /// How long both are looked at while nobody writes.
    private static let rest = Duration.seconds(2)

    func run() async throws -> [Figure] {
        var figures: [Figure] = []
        for kind in kinds { figures += try await run(kind) }
        return figures
    }

    private func run(_ kind: FanoutServers.Kind) async throws -> [Figure] {
        let plan = ChannelsPlan(channels: channels, members: members, people: people)
        let alone = try await ChannelsSubject.start(kind, plan.busyAlone, peers: peers)
        return try await doing {
            let beside = try await ChannelsSubject.start(kind, plan, peers: peers)
            return try await doing {
                try await measure(kind, alone, beside)
            } finally: {
                await beside.stop()
            }
        } finally: {
            await alone.stop()
        }
    }

    private func measure(_ kind: FanoutServers.Kind, _ alone: ChannelsSubject, _ beside: ChannelsSubject) async throws -> [Figure] {
        let loop = group.next()
        for subject in [alone, beside] { try await subject.connect(on: loop) }
        let resting = try [alone, beside].map { try $0.meter.processorTime() }
        try await Task.sleep(for: Self.rest)
        let rested = try zip([alone, beside], resting).map { try $0.meter.processorTime() - $1 }
        // The first turn of each is to warm up.
        for subject in [alone, beside] { try await subject.take(Self.turn, rate: Self.rate, on: loop, isCounted: false) }
        for _ in 0..<max(1, Int(duration / Self.turn)) {
            for subject in [alone, beside] { try await subject.take(Self.turn, rate: Self.rate, on: loop, isCounted: true) }
        }
        for subject in [alone, beside] { subject.disconnect() }
        let isOurs = kind == .switchboard
        let scenario = "channels \(channels)×\(members)\(isOurs ? "" : " \(kind.rawValue)")"
        let (aloneCost, besideCost) = (alone.result.cost, beside.result.cost)
        let perSecond = { (time: Duration) in time / .milliseconds(1) / (Self.rest / .seconds(1)) }
        return [
            Figure(
                scenario,
                "busy channel's processor time, beside idle channels / alone",
                besideCost / aloneCost,
                "×",
                goal: isOurs ? .atMost(1.1) : nil
            ),
            Figure(scenario, "processor time alone", aloneCost, "µs a delivery"),
            Figure(scenario, "processor time beside idle channels", besideCost, "µs a delivery"),
            Figure(scenario, "processor time alone while nobody writes", perSecond(rested[0]), "ms/s"),
            Figure(scenario, "processor time beside idle channels while nobody writes", perSecond(rested[1]), "ms/s"),
        ]
            + alone.result.latencies.figures(scenario, "delivery alone")
            + beside.result.latencies.figures(scenario, "delivery beside idle channels")
    }
}
