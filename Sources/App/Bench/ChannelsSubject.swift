import Actors
import LocalCluster
import NIOCore
import Transport

/// One server of a measurement with channels, its clients, and what became of the messages to its busy channel.
final class ChannelsSubject: Sendable {
    struct Result: Sendable {
        var deliveries = 0
        var processor = Duration.zero
        var latencies = Latencies()

        /// Microseconds a delivery.
        var cost: Double { processor / .microseconds(1) / Double(max(1, deliveries)) }
    }

    private struct State {
        var connections: [WebSocketConnection] = []
        var openLoop: OpenLoop?
        /// The number of the turn's first message, and how often each of them was delivered.
        var first = 0
        var deliveries: [Int] = []
        var isCounted = false
        /// Deliveries that nobody waited for.
        var wrong = 0
        var result = Result()
    }

    let meter: ProcessMeter
    private let kind: FanoutServers.Kind
    private let plan: ChannelsPlan
    private let url: String
    private let tokens: [String]
    private let end: @Sendable () async -> Void
    private let state = Locked(State())

    private init(
        _ kind: FanoutServers.Kind,
        _ plan: ChannelsPlan,
        url: String,
        meter: ProcessMeter,
        tokens: [String] = [],
        end: @escaping @Sendable () async -> Void
    ) {
        self.kind = kind
        self.plan = plan
        self.url = url
        self.meter = meter
        self.tokens = tokens
        self.end = end
    }

    /// Each has a Redis of its own, over which nobody else speaks.
    static func start(_ kind: FanoutServers.Kind, _ plan: ChannelsPlan, peers: String) async throws -> ChannelsSubject {
        let redis = try await RedisServer.start()
        do {
            guard kind == .switchboard else {
                let server = try await PeerServer.start(kind, peers: peers, redis: redis)
                return ChannelsSubject(kind, plan, url: server.url, meter: server.meter) {
                    try? await server.stop()
                    await redis.stop()
                }
            }
            let database = try await BenchDatabase.start()
            let people = try await BenchUser.seed(plan.people, in: database)
            var channels = (0..<plan.channels).map { number in
                BenchChannel(name: plan.name(of: number), members: plan.members(of: number).map { people[$0] })
            }
            channels.append(BenchChannel(name: ChannelsPlan.busyName, members: plan.busyMembers.map { people[$0] }))
            try await BenchChannel.make(channels, in: database)
            let server = try await BenchServer.start("bench", in: database, redis: redis)
            return ChannelsSubject(kind, plan, url: server.url, meter: server.meter, tokens: people.map(\.token)) {
                try? await server.stop()
                await database.stop()
                await redis.stop()
            }
        } catch {
            await redis.stop()
            throw error
        }
    }

    func stop() async {
        await end()
    }

    var result: Result { state.withLock { $0.result } }

    func connect(on loop: any EventLoop) async throws {
        let names = plan.names
        let numbered = try await connectAll(plan.people) { [self] person in
            let token = tokens.isEmpty ? nil : tokens[person]
            let connection = try await PeerClient.connect(to: url, as: kind.dialect, token: token, in: names[person], on: loop) {
                self.delivered($0)
            }
            return (person, connection)
        }
        let connections = numbered.sorted { $0.0 < $1.0 }.map(\.1)
        state.withLock { $0.connections = connections }
    }

    func disconnect() {
        for connection in state.withLock({ $0.connections }) { connection.disconnect() }
    }

    /// Sends to the busy channel for so long, waits until each message has come to everybody once, and counts what it cost.
    func take(_ duration: Duration, rate: Int, on loop: any EventLoop, isCounted: Bool) async throws {
        let count = Int(Double(rate) * (duration / .seconds(1)))
        let dialect = kind.dialect
        let (senders, first) = state.withLock { state in
            state.first += state.deliveries.count
            state.deliveries = Array(repeating: 0, count: count)
            state.isCounted = isCounted
            return (plan.busyMembers.map { state.connections[$0] }, state.first)
        }
        let before = try meter.processorTime()
        let openLoop = OpenLoop(rate: rate, count: count, on: loop) { number in
            senders[number % senders.count].send(text: dialect.message(first + number, in: ChannelsPlan.busyName))
        }
        state.withLock { $0.openLoop = openLoop }
        try await openLoop.run()
        // Other servers send it to its sender too.
        let each = kind == .switchboard ? plan.members - 1 : plan.members
        try await DurableBenchmark.wait("the last deliveries of \(kind.rawValue)") {
            state.withLock { $0.deliveries.allSatisfy { $0 >= each } }
        }
        let processor = try meter.processorTime() - before
        try state.withLock { state in
            guard state.wrong == 0, state.deliveries.allSatisfy({ $0 == each }) else {
                let most = state.deliveries.max() ?? 0
                throw BenchFailure("\(kind.rawValue) delivered a message \(most) times to \(each) people, \(state.wrong) others came")
            }
            guard isCounted else { return }
            state.result.deliveries += count * each
            state.result.processor += processor
        }
    }

    private func delivered(_ number: Int) {
        let now = NIODeadline.now()
        state.withLock { state in
            let place = number - state.first
            guard let openLoop = state.openLoop, state.deliveries.indices.contains(place) else {
                state.wrong += 1
                return
            }
            state.deliveries[place] += 1
            guard state.isCounted else { return }
            state.result.latencies.record(nanoseconds: (now - openLoop.dueTime(of: place)).nanoseconds)
        }
    }
}
