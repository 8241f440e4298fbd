import Actors
import LocalCluster

/// An instance that is told to stop while everybody on it writes: all of them go on at another one, and nothing is missing.
struct DrainBenchmark: Sendable {
    let sessions: Int
    /// `DRAIN_SECONDS`.
    let window: Int

    /// How often each of them writes.
    private static let interval = Duration.seconds(3)
    /// What the server allows itself besides `DRAIN_SECONDS`.
    private static let grace = 5

    func run() async throws -> [Figure] {
        let redis = try await RedisServer.start()
        return try await doing {
            try await run(redis)
        } finally: {
            await redis.stop()
        }
    }

    private struct Measured: Sendable {
        var untilExit = Duration.zero
        var untilBack = Duration.zero
    }

    private func run(_ redis: RedisServer) async throws -> [Figure] {
        let directory = try TemporaryDirectory()
        let reserved = [try ReservedPort(), try ReservedPort()]
        defer { withExtendedLifetime(reserved) {} }
        let ports = reserved.map(\.number)
        let start = { @Sendable (number: Int) async throws in
            let environment = [
                "INSTANCE_ID": ChaosCluster.name(number), "PORT": "\(ports[number])", "REDIS_URL": redis.url, "LOG_LEVEL": "info",
                "DRAIN_SECONDS": "\(window)", "DB_URI": "sqlite:\(directory.path(of: "switchboard.db"))",
            ]
            let process = try ServerProcess(environment: environment, directory: directory)
            _ = try await process.url(timeout: .seconds(60))
            return process
        }
        let first = try await start(0)
        let crowd = try await Crowd.make(
            sessions,
            connectingTo: ports,
            registeredAt: "http://127.0.0.1:\(ports[0])",
            every: Self.interval
        )
        let measured = Locked(Measured())
        // The second instance comes when everybody is on the first.
        let others = Locked<[ServerProcess]>([])
        let history = try await crowd.write(comparedWith: ports[1]) { crowd in
            let second = try await start(1)
            others.withLock { $0.append(second) }
            try await crowd.waitForMessages(sessions)
            let begin = ContinuousClock.now
            first.terminate()
            let exit = try await first.waitForExit(timeout: .seconds(window + 30))
            let untilExit = ContinuousClock.now - begin
            guard exit == .exited(0) else { throw BenchFailure("the instance ended with \(exit): \(first.log.last ?? "")") }
            try await crowd.waitUntilSynced()
            let untilBack = ContinuousClock.now - begin
            measured.withLock { $0 = Measured(untilExit: untilExit, untilBack: untilBack) }
            try await crowd.waitForMessages(sessions)
        }
        for process in others.withLock({ $0 }) {
            process.kill(9)
            _ = try await process.waitForExit()
        }
        return try figures(history, measured.withLock { $0 })
    }

    private func figures(_ history: History, _ measured: Measured) throws -> [Figure] {
        let findings = HistoryChecker(history: history).check()
        let events = history.clients.lazy.flatMap(\.connections).flatMap(\.events)
        let gaps = history.clients.flatMap(\.gaps).sorted()
        let median = gaps.isEmpty ? .zero : gaps[gaps.count / 2]
        let moved = history.clients.count { $0.connections.count { $0.welcomedAt != nil } > 1 }
        let scenario = "drain \(sessions)"
        let figures = [
            Figure(scenario, "sessions that went on at the other instance", Double(moved), "", goal: .atLeast(Double(sessions))),
            Figure(scenario, "messages", Double(history.stored.values.reduce(0) { $0 + $1.count }), ""),
            Figure(scenario, "deliveries", Double(events.count { if case .received = $0.kind { true } else { false } }), ""),
            Figure(scenario, "lost", Double(findings.lost.count), "", goal: .atMost(0)),
            Figure(scenario, "twice", Double(findings.twice.count), "", goal: .atMost(0)),
            Figure(scenario, "out of order", Double(findings.outOfOrder.count), "", goal: .atMost(0)),
            Figure(scenario, "SIGTERM to exit", measured.untilExit / .seconds(1), "s", goal: .atMost(Double(window + Self.grace))),
            Figure(scenario, "SIGTERM to everybody back", measured.untilBack / .seconds(1), "s"),
            Figure(scenario, "last frame to the next WELCOME p50", median / .milliseconds(1), "ms"),
            Figure(scenario, "last frame to the next WELCOME max", (gaps.last ?? .zero) / .milliseconds(1), "ms"),
        ]
        let wrong = (findings.lost + findings.twice + findings.outOfOrder + findings.wrongCloses).prefix(5)
        guard wrong.isEmpty else { throw BenchFailure(wrong.joined(separator: "; "), figures: figures) }
        guard moved == sessions else { throw BenchFailure("\(sessions - moved) sessions did not come back", figures: figures) }
        guard measured.untilExit <= .seconds(window + Self.grace) else {
            throw BenchFailure("the instance ended only after \(measured.untilExit)", figures: figures)
        }
        return figures
    }
}
