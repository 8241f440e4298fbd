import Actors
import AsyncHTTPClient
import LocalCluster
import NIOHTTP1
import Transport

/// One run: a cluster, its clients, what fails meanwhile, and the judgement.
struct ChaosRun: Sendable {
    struct Plan: Sendable {
        var seed: UInt64
        /// While things fail; starting, coming to rest and judging take longer.
        var length: Duration
        var database: BenchDatabase.Kind
        var clients = 60
        /// Messages a second, of all clients together.
        var rate = 20.0
    }

    struct Outcome: Sendable {
        let report: ChaosReport
        /// What the instances logged, by name.
        let logs: [String: [String]]
    }

    private static let channels = 5
    /// How long everything may take to come to rest when nothing fails any more.
    private static let restLimit = Duration.seconds(90)

    let plan: Plan
    /// Tells what is going on.
    let note: @Sendable (String) -> Void

    /// - Throws: where the run can't be made; what it finds is in the report.
    func run() async throws -> Outcome {
        let schedule = FaultSchedule(seed: plan.seed, length: plan.length, database: plan.database, instances: ChaosCluster.count)
        note("seed \(plan.seed), \(schedule.faults.count) faults:")
        for line in schedule.lines { note("  \(line)") }
        let cluster = try await ChaosCluster.start(plan.database)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            for instance in cluster.instances {
                // The first one makes the tables.
                group.addTask { await instance.run() }
                if instance.number == 0 { try await instance.waitUntilUp(timeout: .seconds(120)) }
            }
            let outcome = try await doing {
                try await run(schedule, on: cluster)
            } finally: {
                await end(cluster)
            }
            try await group.waitForAll()
            return outcome
        }
    }

    private func end(_ cluster: ChaosCluster) async {
        for instance in cluster.instances { instance.stop() }
        await cluster.stop()
    }

    private func run(_ schedule: FaultSchedule, on cluster: ChaosCluster) async throws -> Outcome {
        for instance in cluster.instances { try await instance.waitUntilUp(timeout: .seconds(120)) }
        let clock = RunClock()
        let setUp = ChaosSetUp(plan: plan, cluster: cluster, clock: clock)
        let admin = try await setUp.admin()
        let clients = try await setUp.makeClients(channels: Self.channels, admin: admin)
        let moderator = ChaosModerator(admin: admin, instances: cluster.instances, clients: clients, clock: clock)
        let injector = FaultInjector(cluster: cluster, clients: clients, clock: clock)
        let meter = StallMeter(clock: clock)
        let probed = try await cluster.openStore()
        let probe = probed.map { StoreProbe(store: $0, clock: clock) }
        let stored = try await withThrowingTaskGroup(of: Void.self) { group in
            for client in clients { group.addTask { await client.run() } }
            group.addTask { await meter.run() }
            if let probe { group.addTask { await probe.run() } }
            defer {
                for client in clients { client.stop() }
                // The meter's end; the clients take no notice.
                group.cancelAll()
            }
            try await until(.seconds(60), "every client's SYNCED") { clients.allSatisfy(\.isSynced) }
            for client in clients { client.setSilent(false) }
            note("\(clients.count) clients send")
            await fail(schedule, injector, moderator, from: clock.now, clock)
            note("the last fault is over")
            try await injector.heal()
            for client in clients { client.setSilent(true) }
            try await until(Self.restLimit, "every ACK") { clients.allSatisfy { $0.isSynced && !$0.hasPending } }
            let stored = try await StoredHistory(http: .shared, addresses: cluster.instances.map(\.url)).read(of: clients)
            let last = stored.mapValues { Int64($0.count) }
            // What doesn't come is found by the checker.
            try? await until(.seconds(20), "every message") { clients.allSatisfy { !$0.lacks(last) } }
            return stored
        }
        var history = History(clients: clients.map(\.history), kicks: moderator.kicks, faults: injector.done, stored: stored)
        history.faults.sort { $0.began < $1.began }
        history.stalls = meter.stalls
        history.storeStalls = probe?.stalls ?? []
        history.storeAnswers = probe?.answerTimes ?? []
        await probed?.close()
        let logs = Dictionary(uniqueKeysWithValues: cluster.instances.map { (ChaosCluster.name($0.number), $0.log) })
        let crashes = cluster.instances.flatMap(\.crashes)
        let report = ChaosReport(plan: plan, history: history, crashes: crashes, log: logs.values.flatMap(\.self))
        return Outcome(report: report, logs: logs)
    }

    /// Carries out the schedule, with a kick in the middle of each fault; returns when all of it is over.
    private func fail(
        _ schedule: FaultSchedule,
        _ injector: FaultInjector,
        _ moderator: ChaosModerator,
        from start: Duration,
        _ clock: RunClock
    ) async {
        await withDiscardingTaskGroup { group in
            for fault in schedule.faults {
                group.addTask {
                    try? await clock.sleep(until: start + fault.at)
                    note("\((clock.now - start).milliseconds) ms: \(fault.kind.rawValue)")
                    await injector.inject(fault)
                }
                group.addTask {
                    try? await clock.sleep(until: start + fault.kickAt)
                    await moderator.kick(fault.kick)
                }
            }
        }
    }

    private func until(_ limit: Duration, _ what: String, _ isMet: @escaping @Sendable () -> Bool) async throws {
        try await within(limit, what) {
            while !isMet() { try await Task.sleep(for: .milliseconds(100)) }
        }
    }
}
