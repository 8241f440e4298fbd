import Actors
import LocalCluster
import NIOCore
import Synchronization

/// Direct messages from people on instance A to people on instance B over Redis, sent at a fixed rate.
struct DirectMessageBenchmark: Sendable {
    /// Messages a second.
    let rate: Int
    let duration: Duration
    let group: any EventLoopGroup
    var database = BenchDatabase.Kind.sqlite

    /// Conversations that take turns.
    private static let pairs = 50
    private static let warmUp = Duration.seconds(2)
    /// What an instance may add to what it waits for, in ms.
    private static let overhead = Figure.Goal.atMost(0.15)

    func run() async throws -> [Figure] {
        let redis = try await RedisServer.start()
        return try await doing {
            let database = try await BenchDatabase.start(database)
            return try await doing {
                try await run(redis, on: database)
            } finally: {
                await database.stop()
            }
        } finally: {
            await redis.stop()
        }
    }

    private func run(_ redis: RedisServer, on database: BenchDatabase) async throws -> [Figure] {
        let users = try await BenchUser.seed(Self.pairs * 2, in: database)
        let a = try await BenchServer.start("A", in: database, redis: redis)
        let b = try await BenchServer.start("B", in: database, redis: redis)
        let warmUp = Int(Double(rate) * (Self.warmUp / .seconds(1)))
        let count = warmUp + Int(Double(rate) * (duration / .seconds(1)))
        let run = DirectMessageRun(count: count, warmUp: warmUp)
        let loop = group.next()
        try await run.connect(users, from: a.url, to: b.url, on: loop)
        let before = (a: try a.meter.processorTime(), b: try b.meter.processorTime())
        let openLoop = OpenLoop(rate: rate, count: count, on: loop) { run.send($0) }
        run.begin(openLoop)
        try await openLoop.run()
        try await run.finish()
        let processor = (a: try a.meter.processorTime() - before.a, b: try b.meter.processorTime() - before.b)
        run.disconnect()
        try await a.stop()
        try await b.stop()
        let bareDuration = min(duration, .seconds(5))
        let bareRedis = try await BareRedis(rate: rate, duration: bareDuration).run(redis, on: loop)
        let bareWebSocket = try await BareWebSocket(rate: rate, duration: bareDuration).run(redis, on: loop)
        let pairs = (0..<Self.pairs).map { (sender: users[$0], recipient: users[Self.pairs + $0]) }
        let bareCommit = try await BareMessages(database: database, pairs: pairs, rate: rate, duration: bareDuration).run()
        let scenario = "dm\(database.kind == .sqlite ? "" : " mongodb") \(rate)/s"
        let late = openLoop.lateness.milliseconds(percentile: 50)
        let (commit, hint) = (bareCommit.milliseconds(percentile: 50), bareRedis.milliseconds(percentile: 50))
        let roundTrip = bareWebSocket.milliseconds(percentile: 50)
        let ack = run.acknowledgements.latencies.milliseconds(percentile: 50) - late - commit
        // How late the client was is in the bare Redis too.
        let delivery = run.deliveries.latencies.milliseconds(percentile: 50) - commit - hint
        let overhead = { (measure: String, value: Double) in Figure(scenario, measure, value, "ms", goal: Self.overhead) }
        return run.acknowledgements.latencies.figures(scenario, "ACK")
            + run.deliveries.latencies.figures(scenario, "delivery A→B")
            + openLoop.lateness.figures(scenario, "of that, late from the load client")
            + [
                Figure(scenario, "processor time of A", processor.a / .microseconds(1) / Double(count), "µs each"),
                Figure(scenario, "processor time of B", processor.b / .microseconds(1) / Double(count), "µs each"),
            ]
            + bareCommit.figures(scenario, "bare commit of a message")
            + bareRedis.figures(scenario, "bare Redis publish→subscribe")
            + bareWebSocket.figures(scenario, "bare WebSocket round trip")
            + [
                overhead("ACK − late client − bare commit, p50", ack),
                overhead("delivery − bare commit − bare Redis, p50", delivery),
                overhead("ACK − late client − bare commit − bare WebSocket, p50", ack - roundTrip),
                overhead("delivery − bare commit − bare Redis − bare WebSocket, p50", delivery - roundTrip),
            ]
    }
}
