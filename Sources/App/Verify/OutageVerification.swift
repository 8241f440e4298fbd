import Actors
import LocalCluster
import NIOHTTP1

/// Rows 12 to 14: what happens without Redis, on instances of the run's own.
struct OutageVerification: Sendable {
    let cluster: SpawnedCluster
    let verification: Verification

    func run(_ list: inout Checklist) async {
        let cast: Verification.Cast
        let carol: APIClient.Account
        let carolOnA: LiveClient
        do {
            cast = try await verification.makeCast()
            carol = try await verification.register("carol", at: verification.onA)
            carolOnA = try await LiveClient.connect(to: cluster.urlA, token: carol.token)
        } catch {
            for number in 12...13 { list.add(number, "people log in and connect", .fail("\(error)")) }
            return
        }
        await list.check(12, "Redis stopped: ACK and local delivery unchanged, no crash") {
            try await withoutRedis(cast, carol: carol, carolOnA: carolOnA)
        }
        await list.check(13, "Redis back: bus restored, DM A→B live again") { try await redisBack(cast) }
        carolOnA.disconnect()
        cast.aliceOnA.disconnect()
        cast.bobOnB.disconnect()
    }

    private func withoutRedis(
        _ cast: Verification.Cast,
        carol: APIClient.Account,
        carolOnA: LiveClient
    ) async throws -> CheckResult {
        await cluster.redis.kill()
        try await cluster.a.waitForLog(containing: "bus_lost", timeout: .seconds(10))
        try await cluster.b.waitForLog(containing: "bus_lost", timeout: .seconds(10))
        let clock = ContinuousClock()
        var slowest = Duration.zero
        for index in 0..<10 {
            let content = verification.content("outage \(index)")
            let start = clock.now
            _ = try await cast.aliceOnA.send(content, to: carol.userID, id: content)
            _ = try await carolOnA.message(content)
            slowest = max(slowest, clock.now - start)
        }
        guard await cast.bobOnB.isAlive() else { return .fail("the connection on B is gone") }
        let ready = try await verification.onA.call(.GET, "/readyz")
        guard ready.status == 200, ready.json["checks"]["bus"] == "reconnecting" else {
            return .fail("/readyz answered \(ready.status), bus \(ready.json["checks"]["bus"].string ?? "?")")
        }
        return .pass("10 of 10 acknowledged and delivered, slowest \(slowest.milliseconds) ms; /readyz 200, bus reconnecting")
    }

    private func redisBack(_ cast: Verification.Cast) async throws -> CheckResult {
        try await cluster.redis.restart()
        try await cluster.a.waitForLog(containing: "bus_restored", timeout: .seconds(15))
        try await cluster.b.waitForLog(containing: "bus_restored", timeout: .seconds(15))
        let content = verification.content("restored")
        let clock = ContinuousClock()
        let start = clock.now
        _ = try await cast.aliceOnA.send(content, to: cast.bob.userID, id: content)
        _ = try await cast.bobOnB.message(content)
        return .pass("bus_restored on both; delivered in \((clock.now - start).milliseconds) ms")
    }

    /// Row 14: boots without Redis, once lenient and once strict. Nothing listens on the port that is named.
    ///
    /// - Returns: the result, and what the two instances logged.
    static func boots() async throws -> (result: CheckResult, log: [String]) {
        let port = try ReservedPort()
        defer { withExtendedLifetime(port) {} }
        let environment = [
            "REDIS_URL": "redis://127.0.0.1:\(port.number)", "BUS_INIT_TIMEOUT_MS": "1000",
            "INSTANCE_ID": "lone", "DRAIN_SECONDS": "1",
        ]
        let lenient = try ServerProcess(environment: environment.merging(["NODE_ENV": "development"]) { _, new in new })
        _ = try await lenient.url(timeout: .seconds(10))
        let order = ["init_timeout", "bus_disabled", "Backend listening"].map { event in
            lenient.log.firstIndex { $0.contains(event) } ?? -1
        }
        lenient.terminate()
        _ = try await lenient.waitForExit(timeout: .seconds(10))
        let strict = try ServerProcess(
            environment: environment.merging(["NODE_ENV": "production", "SCRYPT_LOG_N": ""]) { _, new in new }
        )
        let exit = try await strict.waitForExit(timeout: .seconds(15))
        let log = lenient.log + strict.log
        guard order.allSatisfy({ $0 >= 0 }), order == order.sorted() else {
            return (.fail("in development the lines came as \(order)"), log)
        }
        guard exit == .exited(69) else { return (.fail("in production it ended with \(exit)"), log) }
        return (.pass("development: init_timeout, bus_disabled, listening; production: status 69"), log)
    }
}
