import Actors
import Glibc
import LocalCluster

/// Rows 20 and 21: what the bus is for, and what happens when an instance is killed. On instances of the run's own.
struct ClusterVerification: Sendable {
    let cluster: SpawnedCluster
    let verification: Verification

    private static let tries = 5
    /// Between "at once" and what the store's turn of a second takes on average.
    private static let atOnce = Duration.milliseconds(150)

    /// After this A is dead.
    func run(_ list: inout Checklist) async {
        await list.check(20, "channel message: at once with the bus, later without") { try await busIsWhatMakesItFast() }
        await list.check(21, "SIGKILL of A: its users offline on B within 20 s") { try await killA() }
    }

    private func busIsWhatMakesItFast() async throws -> CheckResult {
        let cast = try await verification.makeCast()
        let channel = try await verification.makeChannel(by: cast.alice, at: verification.onA)
        for client in [cast.aliceOnA, cast.bobOnB] {
            _ = try await client.ask(["type": "CHANNEL_JOIN", "channelId": .string(channel)], answeredBy: "CHANNEL_JOINED")
        }
        await cluster.redis.kill()
        try await cluster.a.waitForLog(occurrences: 2, of: "bus_lost", timeout: .seconds(10))
        try await cluster.b.waitForLog(occurrences: 2, of: "bus_lost", timeout: .seconds(10))
        let without = try await slowest(cast, channel: channel)
        try await cluster.redis.restart()
        try await cluster.a.waitForLog(occurrences: 2, of: "bus_restored", timeout: .seconds(15))
        try await cluster.b.waitForLog(occurrences: 2, of: "bus_restored", timeout: .seconds(15))
        let with = try await slowest(cast, channel: channel)
        cast.aliceOnA.disconnect()
        cast.bobOnB.disconnect()
        guard without > Self.atOnce else {
            return .fail("without the bus the slowest took \(without.milliseconds) ms: what is the bus for?")
        }
        guard without < .seconds(2) else { return .fail("without the bus the slowest took \(without.milliseconds) ms") }
        guard with < Self.atOnce else { return .fail("with the bus the slowest took \(with.milliseconds) ms") }
        return .pass("slowest of \(Self.tries): \(without.milliseconds) ms through the store, \(with.milliseconds) ms with the bus")
    }

    private func slowest(_ cast: Verification.Cast, channel: String) async throws -> Duration {
        let clock = ContinuousClock()
        var slowest = Duration.zero
        for index in 0..<Self.tries {
            let content = verification.content("crossing \(index)")
            _ = try await cast.aliceOnA.send(content, toChannel: channel)
            let start = clock.now
            _ = try await cast.bobOnB.message(content)
            slowest = max(slowest, clock.now - start)
        }
        return slowest
    }

    private func killA() async throws -> CheckResult {
        let dora = try await verification.register("dora", at: verification.onA)
        let watcher = try await verification.register("emil", at: verification.onB)
        let live = try await LiveClient.connect(to: cluster.urlB, token: watcher.token)
        let doraOnA = try await LiveClient.connect(to: cluster.urlA, token: dora.token)
        defer { doraOnA.disconnect() }
        let watch: JSONValue = ["type": "PRESENCE_WATCH", "userIds": [.string(dora.userID)]]
        if try await live.ask(watch, answeredBy: "PRESENCE_STATE")["users"].array.first?["status"] != "online" {
            _ = try await live.presence(of: dora.userID, status: "online")
        }
        let clock = ContinuousClock()
        let start = clock.now
        cluster.a.kill(SIGKILL)
        _ = try await live.presence(of: dora.userID, status: "offline", timeout: .seconds(20))
        let delay = clock.now - start
        live.disconnect()
        return .pass("offline after \(delay.milliseconds) ms")
    }
}
