import LocalCluster
import NIOHTTP1
import Testing

@testable import App

@Suite("/readyz says what is so", .inTurn, .timeLimit(.minutes(2)))
struct ReadinessTests {
    @Test("A subscription that is silently dead is told within six seconds, and its return too; the metrics say the same")
    func silentBus() async throws {
        let redis = try await RedisServer.start()
        let link = try await FaultyLink.start(to: redis.port)
        let server = try await SoloServer.start(["REDIS_URL": "redis://127.0.0.1:\(link.port)"])
        #expect(try await checks(of: server) == ["store": "ok", "bus": "ok", "delivery": "ok"])
        let clock = ContinuousClock()
        let began = clock.now
        // Every connection stays open, and nothing passes.
        try await link.set(.stalled)
        try await eventually(within: .seconds(30), "/readyz without a bus") {
            try await checks(of: server) == ["store": "ok", "bus": "reconnecting", "delivery": "delayed"]
        }
        #expect(clock.now - began < .seconds(6))
        let lost = try await MetricsScrapeTests.scrape(server.url)
        #expect(MetricsScrapeTests.value(#"switchboard_bus_state{state="reconnecting"}"#, in: lost) == 1)
        #expect(MetricsScrapeTests.value("switchboard_bus_lost_total", in: lost) == 1)
        try await link.set(.open)
        try await eventually(within: .seconds(30), "/readyz with the bus") {
            try await checks(of: server) == ["store": "ok", "bus": "ok", "delivery": "ok"]
        }
        server.process.terminate()
        _ = try await server.process.waitForExit()
        await link.stop()
        await redis.stop()
    }

    @Test("Redis that ends only the subscriptions is noticed and connected to again")
    func killedSubscription() async throws {
        let redis = try await RedisServer.start()
        let server = try await SoloServer.start(["REDIS_URL": redis.url])
        try await ToolRun.output(
            of: "redis-cli",
            ["-p", "\(redis.port)", "CLIENT", "KILL", "TYPE", "pubsub"],
            in: server.process.directory
        )
        try await server.process.waitForLog(containing: "bus_lost")
        try await server.process.waitForLog(containing: "bus_restored")
        #expect(try await checks(of: server) == ["store": "ok", "bus": "ok", "delivery": "ok"])
        await redis.stop()
    }

    @Test("A store that hangs is told after its three seconds, however many ask, and its return too")
    func hungStore() async throws {
        let mongo = try await MongoServer.start(ownOnly: true)
        // Longer than anybody waits here.
        let options = "socketTimeoutMS=60000"
        let server = try await SoloServer.start(["DB_URI": mongo.uri(database: "hung", options: options)])
        #expect(try await checks(of: server)["store"] == "ok")
        mongo.pause()
        try await doing {
            let clock = ContinuousClock()
            let began = clock.now
            let answers = try await withThrowingTaskGroup(of: (Int, JSONValue).self) { group in
                for _ in 1...8 {
                    group.addTask {
                        let answer = try await server.visitor.call(.GET, "/readyz")
                        return (answer.status, answer.json["checks"]["store"])
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.allSatisfy { $0 == (503, "unavailable") })
            try await server.process.waitForLog(containing: "store_unavailable")
            #expect(clock.now - began < .seconds(10))
        } finally: {
            mongo.resume()
        }
        try await server.process.waitForLog(containing: "store_restored")
        try await eventually(within: .seconds(30), "/readyz with the store") {
            try await server.visitor.call(.GET, "/readyz").json["checks"] == ["store": "ok", "bus": "disabled", "delivery": "ok"]
        }
        server.process.terminate()
        _ = try await server.process.waitForExit()
        await mongo.stop()
    }

    private func checks(of server: SoloServer) async throws -> JSONValue {
        let answer = try await server.visitor.call(.GET, "/readyz")
        #expect(answer.status == 200)
        return answer.json["checks"]
    }
}
