import Actors
import LocalCluster
import NIOCore
import Transport

/// Members of shared channels, and people who write to each other, over several instances with one Redis and one database; sent at a fixed
/// rate through all of them.
struct ClusterBenchmark: Sendable {
    let instances: Int
    let users: Int
    let routing: BusRouting
    let duration: Duration
    let group: any EventLoopGroup
    var database = BenchDatabase.Kind.sqlite

    private static let warmUp = Duration.seconds(2)
    /// Each sends a message in so many seconds.
    private static let secondsBetween = 3

    func run() async throws -> [Figure] {
        let redis = try await RedisServer.start()
        return try await doing {
            let database = try await BenchDatabase.start(self.database)
            return try await doing {
                try await run(redis, in: database)
            } finally: {
                await database.stop()
            }
        } finally: {
            await redis.stop()
        }
    }

    private func run(_ redis: RedisServer, in database: BenchDatabase) async throws -> [Figure] {
        let plan = ClusterPlan(instances: instances, users: users)
        let people = try await BenchUser.seed(users, in: database)
        try await makeChannels(plan, people, in: database)
        var servers: [BenchServer] = []
        for number in 1...instances {
            servers.append(try await .start("I\(number)", in: database, redis: redis, environment: ["BUS_ROUTING": routing.rawValue]))
        }
        let rate = max(1, users / Self.secondsBetween)
        let warmUp = Int(Double(rate) * (Self.warmUp / .seconds(1)))
        let count = warmUp + Int(Double(rate) * (duration / .seconds(1)))
        let run = ClusterRun(plan, users: people, count: count, warmUp: warmUp)
        let loop = group.next()
        try await run.connect(to: servers.map(\.url), on: loop)
        let before = try processorTime(of: servers)
        let openLoop = OpenLoop(rate: rate, count: count, on: loop) { run.send($0) }
        run.begin(openLoop)
        try await openLoop.run()
        let failure = await run.finish()
        let processor = try processorTime(of: servers) - before
        run.disconnect()
        for server in servers { try await server.stop() }
        let figures = self.figures(of: run, count: count, openLoop: openLoop, processor: processor)
        if let failure { throw BenchFailure(failure, figures: figures) }
        return figures
    }

    private func figures(of run: ClusterRun, count: Int, openLoop: OpenLoop, processor: Duration) -> [Figure] {
        let scenario = "cluster \(instances)×\(users) \(routing.rawValue)\(database == .mongodb ? " mongodb" : "")"
        let counts = run.counts
        return [
            Figure(scenario, "sent", Double(count), ""),
            Figure(scenario, "delivered", Double(counts.delivered), ""),
            Figure(scenario, "expected", Double(run.expected), ""),
        ]
            + run.acknowledgements.latencies.figures(scenario, "ACK")
            + counts.here.figures(scenario, "delivery on the sender's instance")
            + counts.across.figures(scenario, "delivery on another instance")
            + openLoop.lateness.figures(scenario, "of that, late from the load client")
            + [
                Figure(scenario, "processor time of all instances", processor / .microseconds(1) / Double(count), "µs a message"),
                Figure(
                    scenario,
                    "processor time of all instances",
                    processor / .microseconds(1) / Double(max(1, counts.delivered)),
                    "µs a delivery"
                ),
            ]
    }

    private func makeChannels(_ plan: ClusterPlan, _ people: [BenchUser], in database: BenchDatabase) async throws {
        let store = try await database.open()
        for number in 0..<plan.channels {
            guard let name = ClusterPlan.channelName(number) else { throw BenchFailure("bench-\(number) is no channel's name") }
            let channel = ChatChannel(name: name, title: "Bench \(number)", createdBy: people[0].userID, createdAt: SystemTime().now())
            try await store.createChannel(channel)
            for member in plan.members(of: number) {
                _ = try await store.join(name, user: people[member].userID, limit: Conversations.channelLimit)
            }
        }
        await store.close()
    }

    private func processorTime(of servers: [BenchServer]) throws -> Duration {
        try servers.reduce(.zero) { $0 + (try $1.meter.processorTime()) }
    }
}
