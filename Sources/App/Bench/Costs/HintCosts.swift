import Actors
import LocalCluster
import NIOCore
import Synchronization
import Transport

/// What hints cost an instance that hears them, and what people who come and go cost it and Redis: microseconds of processor time.
///
/// The hints are made here and published at a fixed rate, as if another instance had stored messages; the store knows nothing of them.
struct HintCosts: Sendable {
    let duration: Duration
    let group: any EventLoopGroup

    private static let users = 1_000
    /// Hints a second: an instance that is not busy, so that waking it is part of the cost.
    private static let rate = 4_000
    /// Long enough for what is told with a delay: that somebody has gone.
    private static let rest = Duration.seconds(4)

    func measure() async throws -> [Cost: Double] {
        let redis = try await RedisServer.start()
        return try await doing {
            let database = try await BenchDatabase.start()
            let users = try await BenchUser.seed(Self.users, in: database)
            let server = try await BenchServer.start("bench", in: database, redis: redis)
            guard let redisID = redis.processIdentifier else { throw BenchFailure("Redis has ended") }
            let meters = Meters(server: server.meter, redis: ProcessMeter(processID: redisID))
            // What the instance does each second anyway.
            let idle = try await meters.rates(over: Self.rest)
            var costs = try await connections(of: users, to: server, meters, beside: idle)
            costs.merge(try await hints(for: users, to: server, over: redis, meters, beside: idle)) { _, new in new }
            try await server.stop()
            return costs
        } finally: {
            await redis.stop()
        }
    }

    private func connections(
        of users: [BenchUser],
        to server: BenchServer,
        _ meters: Meters,
        beside idle: Meters.Use
    ) async throws -> [Cost: Double] {
        let use = try await meters.use(beside: idle) {
            for connection in try await LoadConnection.connect(users, to: server.url, on: group) { connection.disconnect() }
            try await Task.sleep(for: Self.rest)
        }
        return [
            .connect: use.server / .microseconds(1) / Double(users.count),
            .redisConnection: use.redis / .microseconds(1) / Double(users.count),
        ]
    }

    private func hints(
        for users: [BenchUser],
        to server: BenchServer,
        over redis: RedisServer,
        _ meters: Meters,
        beside idle: Meters.Use
    ) async throws -> [Cost: Double] {
        let received = Mutex(0)
        let connections = try await LoadConnection.connect(users, to: server.url, on: group) { kind, _ in
            if case .message = kind { received.withLock { $0 += 1 } }
        }
        let line = try await RedisLine.connect(to: redis, on: group.next())
        try await Task.sleep(for: Self.rest)
        let strangers = HintMaker(recipients: nil, count: users.count)
        let forNobody = try await meters.use(beside: idle) { try await publish(strangers, from: 0, over: line) }
        let known = HintMaker(recipients: users.map(\.userID), count: users.count)
        // The first of each conversation has the instance ask its store where deliveries begin.
        for number in 0..<users.count { line.write(known.publish(number)) }
        try await DurableBenchmark.wait("the first messages") { received.withLock { $0 } == users.count }
        let expected = users.count + count
        let delivered = try await meters.use(beside: idle) {
            try await publish(known, from: users.count, over: line)
            try await DurableBenchmark.wait("the last message") { received.withLock { $0 } >= expected }
        }
        guard received.withLock({ $0 }) == expected else { throw BenchFailure("more messages came than were told of") }
        for connection in connections { connection.disconnect() }
        line.close()
        return [
            .hintForNobody: forNobody.server / .microseconds(1) / Double(count),
            .hintDelivered: delivered.server / .microseconds(1) / Double(count),
        ]
    }

    private var count: Int { Int(Double(Self.rate) * (duration / .seconds(1))) }

    private func publish(_ hints: HintMaker, from first: Int, over line: RedisLine) async throws {
        try await OpenLoop(rate: Self.rate, count: count, on: line.eventLoop) { line.write(hints.publish(first + $0)) }.run()
    }
}

/// The processor time of an instance and of its Redis.
private struct Meters: Sendable {
    struct Use: Sendable {
        var server: Duration
        var redis: Duration
    }

    let server: ProcessMeter
    let redis: ProcessMeter

    /// What `body` takes, without what would have been used in the same time anyway.
    ///
    /// - Parameter idle: what is used in a second anyway.
    func use(beside idle: Use, _ body: () async throws -> Void) async throws -> Use {
        let before = try (server.processorTime(), redis.processorTime())
        let start = ContinuousClock.now
        try await body()
        let elapsed = (ContinuousClock.now - start) / .seconds(1)
        let after = try (server.processorTime(), redis.processorTime())
        return Use(server: after.0 - before.0 - idle.server * elapsed, redis: after.1 - before.1 - idle.redis * elapsed)
    }

    /// What is used in a second while nothing is asked for.
    func rates(over duration: Duration) async throws -> Use {
        let use = try await use(beside: Use(server: .zero, redis: .zero)) { try await Task.sleep(for: duration) }
        let seconds = duration / .seconds(1)
        return Use(server: use.server / seconds, redis: use.redis / seconds)
    }
}

/// Commands that publish messages between strangers and some people in turn, each pair in a conversation of its own.
private struct HintMaker: Sendable {
    private let pairs: [(sender: UserID, recipient: UserID)]
    private let ids = UUIDv7Generator(time: SystemTime())
    private let codec = BusEnvelopeCodec(secret: nil)
    private let origin = InstanceIdentity(instanceID: "elsewhere", boot: "elsewhere")

    /// - Parameter recipients: nil for people whom nobody knows.
    init(recipients: [UserID]?, count: Int) {
        let ids = ids
        pairs = (0..<count).map { (ids.next(UserID.self), recipients?[$0] ?? ids.next(UserID.self)) }
    }

    /// The command that publishes the next message of the pair whose turn `number` is.
    func publish(_ number: Int) -> ByteBuffer {
        let pair = pairs[number % pairs.count]
        guard let clientMessageID = ClientMessageID("h-\(number)") else { return ByteBuffer() }
        let message = Message(
            messageID: ids.next(MessageID.self),
            conversationID: .direct(UserPair(pair.sender, pair.recipient)),
            seq: Int64(number / pairs.count + 1),
            senderID: pair.sender,
            senderName: "bench",
            content: LoadConnection.content(number),
            clientMessageID: clientMessageID,
            createdAt: SystemTime().now()
        )
        let delivery = BusDelivery(event: .message(message), eventID: ids.next(BusEventID.self), origin: origin)
        let channel = BusChannel.chatMessage.rawValue
        return RedisCommand([Array("PUBLISH".utf8), Array(channel.utf8), codec.encode(delivery)]).bytes
    }
}
