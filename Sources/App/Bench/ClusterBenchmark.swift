import Actors
import LocalCluster
import NIOCore
import Transport

/// Members of channels, and people who write to each other, over several instances with one Redis and one database; sent at a fixed rate
/// through all of them, and that for several numbers of instances with as many users on each.
struct ClusterBenchmark: Sendable {
    /// How many, one run after the other.
    let instances: [Int]
    /// Users of one instance.
    let users: Int
    let traffic: ClusterPlan.Traffic
    let routing: BusRouting
    let duration: Duration
    let group: any EventLoopGroup
    var database = BenchDatabase.Kind.sqlite

    private static let warmUp = Duration.seconds(2)
    /// From so many instances on each has the same to do: with one alone nothing comes from another one.
    private static let least = 2

    /// What one instance needed on average.
    private struct Cost {
        let instances: Int
        /// Milliseconds of processor time a second.
        let each: Double
    }

    func run() async throws -> [Figure] {
        var figures: [Figure] = []
        var costs: [Cost] = []
        for count in instances {
            let plan = ClusterPlan(instances: count, usersEach: users, traffic: traffic)
            let (measured, cost) = try await withCluster { redis, database in try await run(plan, redis, in: database) }
            figures += measured
            costs.append(cost)
        }
        return figures + comparison(costs)
    }

    private func withCluster<Value>(_ body: (RedisServer, BenchDatabase) async throws -> Value) async throws -> Value {
        let redis = try await RedisServer.start()
        return try await doing {
            let database = try await BenchDatabase.start(self.database)
            return try await doing {
                try await body(redis, database)
            } finally: {
                await database.stop()
            }
        } finally: {
            await redis.stop()
        }
    }

    private func run(_ plan: ClusterPlan, _ redis: RedisServer, in database: BenchDatabase) async throws -> ([Figure], Cost) {
        let people = try await BenchUser.seed(plan.users, in: database)
        let channels = plan.members.enumerated().map { number, members in
            BenchChannel(name: ClusterPlan.channelName(number), members: members.map { people[$0] })
        }
        try await BenchChannel.make(channels, in: database)
        var servers: [BenchServer] = []
        for number in 1...plan.instances {
            servers.append(try await .start("I\(number)", in: database, redis: redis, environment: ["BUS_ROUTING": routing.rawValue]))
        }
        let rate = max(1, plan.users / traffic.secondsBetween)
        let warmUp = Int(Double(rate) * (Self.warmUp / .seconds(1)))
        let count = warmUp + Int(Double(rate) * (duration / .seconds(1)))
        let run = ClusterRun(plan, users: people, count: count, warmUp: warmUp)
        let loop = group.next()
        try await run.connect(to: servers.map(\.url), on: loop)
        let before = try servers.map { try $0.meter.processorTime() }
        let start = ContinuousClock.now
        let openLoop = OpenLoop(rate: rate, count: count, on: loop) { run.send($0) }
        run.begin(openLoop)
        try await openLoop.run()
        let failure = await run.finish()
        let elapsed = ContinuousClock.now - start
        let processor = try zip(servers, before).map { try $0.meter.processorTime() - $1 }
        run.disconnect()
        for server in servers { try await server.stop() }
        let cost = Cost(
            instances: plan.instances,
            each: 1_000 * (processor.reduce(.zero, +) / elapsed) / Double(plan.instances)
        )
        let figures = self.figures(of: run, count: count, openLoop: openLoop, processor: processor, elapsed: elapsed, cost)
        if let failure { throw BenchFailure(failure, figures: figures) }
        return (figures, cost)
    }

    private var words: String { "\(routing.rawValue)\(database == .mongodb ? " mongodb" : "")" }

    /// The first word tells whose tables these are.
    private var kind: String { traffic == .circles ? "cluster" : "spread" }

    private func figures(
        of run: ClusterRun,
        count: Int,
        openLoop: OpenLoop,
        processor: [Duration],
        elapsed: Duration,
        _ cost: Cost
    ) -> [Figure] {
        let scenario = "\(kind) \(cost.instances)×\(users) \(words)"
        let counts = run.counts
        let all = processor.reduce(.zero, +) / .microseconds(1)
        return [
            Figure(scenario, "sent", Double(count), ""),
            Figure(scenario, "delivered", Double(counts.delivered), ""),
            Figure(scenario, "expected", Double(run.expected), ""),
        ]
            + run.acknowledgements.latencies.figures(scenario, "ACK")
            + counts.here.figures(scenario, "delivery on the sender's instance")
            + (counts.across.count > 0 ? counts.across.figures(scenario, "delivery on another instance") : [])
            + openLoop.lateness.figures(scenario, "of that, late from the load client")
            + [
                Figure(scenario, "processor time of one instance, mean", cost.each, "ms/s"),
                Figure(scenario, "processor time of one instance, most", 1_000 * ((processor.max() ?? .zero) / elapsed), "ms/s"),
                Figure(scenario, "processor time of all instances", all / Double(count), "µs a message"),
                Figure(scenario, "processor time of all instances", all / Double(max(1, counts.delivered)), "µs a delivery"),
            ]
    }

    /// Each number of instances beside two of them.
    private func comparison(_ costs: [Cost]) -> [Figure] {
        guard traffic == .circles, let base = costs.first(where: { $0.instances == Self.least }) else { return [] }
        let most = costs.map(\.instances).max()
        return costs.filter { $0.instances > Self.least }.map { cost in
            let isJudged = routing == .targeted && cost.instances == most
            return Figure(
                "cluster ×\(users) \(words)",
                "processor time of one instance, of \(cost.instances) / of \(base.instances)",
                cost.each / base.each,
                "×",
                goal: isJudged ? .atMost(1.1) : nil
            )
        }
    }
}

extension ClusterPlan.Traffic {
    /// Each sends a message in so many seconds.
    var secondsBetween: Int {
        switch self {
        case .circles: 1
        case .spread: 3
        }
    }
}
