import LocalCluster
import NIOHTTP1
import Testing
import Transport

@testable import App

@Suite("Redis is found however the settings name it, and a wrong name ends the start", .inTurn, .timeLimit(.minutes(1)))
struct RedisBootTests {
    @Test("By TLS with an authority's file, as a URL and as single variables")
    func tls() async throws {
        var options = RedisServer.Options()
        options.usesTLS = true
        options.password = "s3cret-of-redis"
        let redis = try await RedisServer.start(options)
        for variables in [
            ["REDIS_URL": "rediss://:s3cret-of-redis@localhost:\(redis.port)"],
            ["REDIS_HOST": "localhost", "REDIS_PORT": "\(redis.port)", "REDIS_TLS": "true", "REDIS_PASSWORD": "s3cret-of-redis"],
        ] {
            try await expectConnected(variables.merging(["REDIS_CA_FILE": redis.caFile]) { _, new in new })
        }
        let untrusted = ["REDIS_URL": "rediss://:s3cret-of-redis@localhost:\(redis.port)"]
        try await expectRefused(untrusted, because: "TLS: the server's certificate is not trusted", host: "localhost:\(redis.port)")
        await redis.stop()
    }

    @Test("By a Unix socket")
    func unixSocket() async throws {
        var options = RedisServer.Options()
        options.usesSocket = true
        let redis = try await RedisServer.start(options)
        try await expectConnected(["REDIS_URL": "unix://\(redis.socketPath)"])
        try await expectRefused(["REDIS_URL": "unix://\(redis.socketPath).not"], because: "no such socket", host: redis.socketPath)
        await redis.stop()
    }

    @Test("By a user with a password, in the URL and beside it")
    func user() async throws {
        var options = RedisServer.Options()
        options.users = ["default off", "switchboard on >s3cret-of-redis ~* &* +@all"]
        let redis = try await RedisServer.start(options)
        for variables in [
            ["REDIS_URL": "redis://switchboard:s3cret-of-redis@127.0.0.1:\(redis.port)"],
            ["REDIS_URL": redis.url, "REDIS_USERNAME": "switchboard", "REDIS_PASSWORD": "s3cret-of-redis"],
            [
                "REDIS_HOST": "127.0.0.1", "REDIS_PORT": "\(redis.port)", "REDIS_USERNAME": "switchboard",
                "REDIS_PASSWORD": "s3cret-of-redis", "REDIS_DB": "3",
            ],
        ] {
            try await expectConnected(variables)
        }
        let wrong = ["REDIS_URL": "redis://switchboard:s3cret-but-wrong@127.0.0.1:\(redis.port)"]
        try await expectRefused(wrong, because: "WRONGPASS", host: "127.0.0.1:\(redis.port)")
        await redis.stop()
    }

    @Test("Away at boot and not required, it is missed until it is there: clients, /readyz and metrics say so")
    func missing() async throws {
        let port = try ReservedPort()
        defer { withExtendedLifetime(port) {} }
        let server = try await SoloServer.start([
            "REDIS_URL": "redis://127.0.0.1:\(port.number)", "BUS_REQUIRED": "false", "BUS_INIT_TIMEOUT_MS": "500",
        ])
        try await server.process.waitForLog(containing: "bus_disabled")
        let wire = try await Wire.welcomed(try await server.visitor.person(), at: server.url)
        try await wire.frame("CLUSTER_STATUS") { $0["degraded"] == true }
        let without = try await server.visitor.call(.GET, "/readyz")
        #expect(without.status == 200)
        #expect(without.json["checks"] == ["store": "ok", "bus": "disabled", "delivery": "delayed"])
        let scrape = try await MetricsScrapeTests.scrape(server.url)
        #expect(MetricsScrapeTests.value("switchboard_bus_degraded", in: scrape) == 1)
        #expect(MetricsScrapeTests.value(#"switchboard_bus_state{state="disabled"}"#, in: scrape) == 1)
        let redis = try await RedisServer.start(RedisServer.Options(), port: port)
        try await wire.frame("CLUSTER_STATUS") { $0["degraded"] == false }
        #expect(wire.frames("CLUSTER_STATUS").map { $0["degraded"] } == [true, false])
        let with = try await server.visitor.call(.GET, "/readyz")
        #expect(with.json["checks"] == ["store": "ok", "bus": "ok", "delivery": "ok"])
        let after = try await MetricsScrapeTests.scrape(server.url)
        #expect(MetricsScrapeTests.value("switchboard_bus_degraded", in: after) == 0)
        wire.connection.disconnect()
        await redis.stop()
    }

    @Test("Where no Redis is set none is missed")
    func single() async throws {
        let server = try await SoloServer.start()
        let wire = try await Wire.welcomed(try await server.visitor.person(), at: server.url)
        try await wire.ping()
        #expect(wire.frames("CLUSTER_STATUS").isEmpty)
        let ready = try await server.visitor.call(.GET, "/readyz")
        #expect(ready.json["checks"] == ["store": "ok", "bus": "disabled", "delivery": "ok"])
        let scrape = try await MetricsScrapeTests.scrape(server.url)
        #expect(MetricsScrapeTests.value("switchboard_bus_degraded", in: scrape) == 0)
        wire.connection.disconnect()
    }

    @Test(
        "Addresses that can't be are refused before anything is tried",
        arguments: [
            ["REDIS_URL": "http://localhost:6379"], ["REDIS_URL": "redis://s3cret@"], ["REDIS_URL": "redis://:s3cret@h:99999"],
            ["REDIS_HOST": "a b"], ["REDIS_HOST": "h", "REDIS_PORT": "x"], ["REDIS_URL": "rediss://h", "REDIS_CA_FILE": "/nowhere/ca.pem"],
            ["REDIS_HOST": "h", "REDIS_TLS": "maybe"],
        ]
    )
    func wrongSettings(variables: [String: String]) async throws {
        let server = try ServerProcess(environment: variables)
        #expect(try await server.waitForExit() == .exited(78))
        #expect(server.log.count == 1)
        #expect(server.log.first?.contains("s3cret") == false)
    }

    private func expectConnected(_ variables: [String: String]) async throws {
        let server = try await SoloServer.start(variables)
        let ready = try await server.visitor.call(.GET, "/readyz")
        #expect(ready.status == 200)
        #expect(ready.json["checks"]["bus"] == "ok")
        server.process.terminate()
        #expect(try await server.process.waitForExit() == .exited(0))
        #expect(!server.process.log.contains { $0.contains("s3cret") })
    }

    private func expectRefused(_ variables: [String: String], because reason: String, host: String) async throws {
        let production = ["NODE_ENV": "production", "SCRYPT_LOG_N": "", "BUS_INIT_TIMEOUT_MS": "1500"]
        let server = try ServerProcess(environment: variables.merging(production) { _, new in new })
        #expect(try await server.waitForExit() == .exited(69))
        let last = try #require(server.log.last)
        #expect(last.hasPrefix("switchboard: "))
        #expect(last.contains(host) && last.contains(reason) && last.contains("BUS_REQUIRED=false"), "\(last)")
        #expect(!server.log.contains { $0.contains("s3cret") || $0.contains("Backend listening") })
    }
}
