import LocalCluster
import Testing

@testable import App

@Suite("The bus is measured with Node.js instances beside it too", .inTurn, .timeLimit(.minutes(1)))
struct AdapterGaugeTests {
    @Test("The age of its last probe is there", arguments: ["classic", "sharded"])
    func probeAge(format: String) async throws {
        let redis = try await RedisServer.start()
        let server = try await SoloServer.start(["REDIS_URL": redis.url, "SOCKETIO_ADAPTER": format])
        let scrape = try await MetricsScrapeTests.scrape(server.url)
        #expect(try #require(MetricsScrapeTests.value("switchboard_bus_probe_age_seconds", in: scrape)) > 0)
        server.process.terminate()
        _ = try await server.process.waitForExit()
        await redis.stop()
    }
}
