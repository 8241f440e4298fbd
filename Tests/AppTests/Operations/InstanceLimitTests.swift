import LocalCluster
import NIOHTTP1
import Testing
import Transport

@testable import App

@Suite("An instance takes no more than it was told, or can", .inTurn, .timeLimit(.minutes(1)))
struct InstanceLimitTests {
    @Test("Past MAX_CONNECTIONS: 503 with Retry-After; health and metrics are still answered")
    func maximum() async throws {
        let server = try await SoloServer.start(["MAX_CONNECTIONS": "2"])
        let person = try await server.visitor.person()
        let wires = [try await Wire.welcomed(person, at: server.url), try await Wire.welcomed(person, at: server.url)]
        #expect(try await Wire.refusal(at: server.url, token: person.token).status == 503)
        #expect(try await server.visitor.call(.GET, "/readyz").status == 200)
        let scrape = try await MetricsScrapeTests.scrape(server.url)
        #expect(MetricsScrapeTests.value("switchboard_connections", in: scrape) == 2)
        #expect(MetricsScrapeTests.value("switchboard_connections_limit", in: scrape) == 2)
        #expect(MetricsScrapeTests.value(#"switchboard_upgrades_refused_total{status="503"}"#, in: scrape) == 1)
        for wire in wires { try await wire.ping() }
        wires[0].connection.disconnect()
        try await eventually(within: .seconds(20), "a free place") {
            try await Wire.refusal(at: server.url, token: person.token).status == 101
        }
        wires[1].connection.disconnect()
    }

    @Test("The limit of file descriptors is raised as far as it goes, and said")
    func files() async throws {
        let server = try await SoloServer.start()
        let line = try await server.process.waitForLog(containing: "file_limit")
        let number = try #require(line.firstMatch(of: /"limit":(\d+)/)?.output.1)
        let scrape = try await MetricsScrapeTests.scrape(server.url)
        #expect(MetricsScrapeTests.value("process_max_fds", in: scrape) == Double(number))
    }

    @Test(
        "Connections leave room for HTTP, and all sockets for files",
        arguments: [
            (20_000, nil, 18_824, 19_848), (20_000, 1_000, 1_000, 2_024), (1_024, nil, 654, 872), (1_024, 5_000, 654, 872),
            (8, nil, 3, 4),
        ] as [(Int, Int?, Int, Int)]
    )
    func arithmetic(files: Int, wanted: Int?, connections: Int, sockets: Int) {
        let limits = ConnectionLimits(files: files, wanted: wanted, poolSize: 16, loops: 2)
        #expect(limits.connections == connections)
        #expect(limits.sockets == sockets)
    }

    @Test("The whole pool of the store and every event loop have their room", arguments: [1, 16, 256], [1, 2, 8, 64])
    func reserved(poolSize: Int, loops: Int) {
        for files in [1_024, 4_096, 1_048_576] where files >= 2 * (128 + poolSize + 4 * loops) {
            let limits = ConnectionLimits(files: files, wanted: nil, poolSize: poolSize, loops: loops)
            #expect(files - limits.sockets == 128 + poolSize + 4 * loops)
        }
    }
}
