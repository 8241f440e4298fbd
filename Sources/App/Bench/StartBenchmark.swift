import LocalCluster

/// How long an instance takes from its process's beginning until it listens, on an empty file of SQLite and without Redis.
struct StartBenchmark: Sendable {
    static let times = 9
    static let measure = "until it listens, p50 of \(times)"

    func run() async throws -> [Figure] {
        var latencies = Latencies()
        for _ in 0..<Self.times {
            let database = try await BenchDatabase.start()
            let port = try ReservedPort()
            let begin = ContinuousClock.now
            let process = try ServerProcess(
                environment: ["PORT": "\(port.number)", "LOG_LEVEL": "info", "DRAIN_SECONDS": "1", "DB_URI": database.uri],
                directory: database.directory
            )
            _ = try await process.waitForLog(containing: "Backend listening")
            latencies.record(ContinuousClock.now - begin)
            process.terminate()
            _ = try await process.waitForExit()
            await database.stop()
        }
        let median = latencies.milliseconds(percentile: 50)
        return [Figure("start", Self.measure, median, "ms", goal: .atMost(150))]
    }
}
