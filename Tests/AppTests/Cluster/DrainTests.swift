import Glibc
import LocalCluster
import NIOHTTP1
import Testing
import Transport

@testable import App

@Suite("An instance that is told to stop sends its clients away first", .inTurn, .timeLimit(.minutes(1)))
struct DrainTests {
    @Test("GOAWAY with a time for each, work until then, 1001, status 0; not ready and closed to newcomers meanwhile")
    func drain() async throws {
        let server = try await SoloServer.start(["DRAIN_SECONDS": "12", "RATE_LIMIT": "0"])
        let person = try await server.visitor.person()
        var wires: [Wire] = []
        for _ in 0..<8 {
            let wire = try await Wire.connect(to: server.url, token: person.token)
            try await wire.frame("WELCOME")
            wires.append(wire)
        }
        server.process.terminate()
        var delays: [(delay: Int64, wire: Wire)] = []
        for wire in wires {
            let frame = try await wire.frame("GOAWAY")
            #expect(frame["reason"] == "drain")
            delays.append((try #require(frame["reconnectAfterMs"].integer), wire))
        }
        #expect(delays.allSatisfy { (0...12_000).contains($0.delay) })
        #expect(Set(delays.map(\.delay)).count > 1)
        let ready = try await server.visitor.call(.GET, "/readyz")
        #expect(ready.status == 503)
        #expect(ready.json["status"] == "draining")
        let newcomer = try await Wire.refusal(at: server.url, token: person.token)
        #expect(newcomer.status == 503)
        let last = try #require(delays.max { $0.delay < $1.delay })
        try last.wire.post("a last word", id: "last", to: person.id)
        try await last.wire.frame("ACK") { $0["ref"] == "last" }
        for (_, wire) in delays {
            let close = try await wire.closed()
            #expect(close == WebSocketClose(code: 1001, reason: "GOING_AWAY", isClean: true))
        }
        #expect(try await server.process.waitForExit() == .exited(0))
        #expect(server.process.log.contains { $0.contains("draining") })
        #expect(server.process.log.last?.contains("stopped") == true)
    }

    @Test("Who is let in late is sent away too")
    func late() async throws {
        let redis = try await RedisServer.start()
        let server = try await SoloServer.start(["DRAIN_SECONDS": "2", "REDIS_URL": redis.url, "INSTANCE_ID": "A"])
        let person = try await server.visitor.person()
        let early = try await Wire.connect(to: server.url, token: person.token)
        try await early.frame("WELCOME")
        let late = try await Wire.connect(to: server.url)
        server.process.terminate()
        try await early.frame("GOAWAY")
        try late.send(["type": "AUTH", "token": .string(person.token)])
        try await late.frame("WELCOME")
        try await late.frame("GOAWAY")
        #expect(try await late.closed().code == 1001)
        #expect(try await server.process.waitForExit() == .exited(0))
        #expect(server.process.log.last?.contains("stopped") == true)
        #expect(try await redis.command("SMEMBERS", "online_users").isEmpty)
        #expect(try await redis.command("EXISTS", "instance:A") == "0")
        await redis.stop()
    }

    @Test("Without clients it stops at once")
    func idle() async throws {
        let server = try await SoloServer.start(["DRAIN_SECONDS": "60"])
        let start = ContinuousClock.now
        server.process.terminate()
        #expect(try await server.process.waitForExit() == .exited(0))
        #expect(ContinuousClock.now - start < .seconds(5))
    }

    @Test("A second SIGTERM ends it now")
    func second() async throws {
        let server = try await SoloServer.start(["DRAIN_SECONDS": "60"])
        let person = try await server.visitor.person()
        let wires = try await [
            Wire.connect(to: server.url, token: person.token), Wire.connect(to: server.url, token: person.token),
            Wire.connect(to: server.url, token: person.token), Wire.connect(to: server.url, token: person.token),
        ]
        for wire in wires { try await wire.frame("WELCOME") }
        server.process.terminate()
        for wire in wires { try await wire.frame("GOAWAY") }
        let start = ContinuousClock.now
        server.process.terminate()
        #expect(try await server.process.waitForExit() == .signalled(SIGTERM))
        #expect(ContinuousClock.now - start < .seconds(5))
    }
}
