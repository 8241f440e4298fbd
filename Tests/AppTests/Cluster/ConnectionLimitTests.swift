import LocalCluster
import NIOHTTP1
import Testing
import Transport

@testable import App

@Suite("A connection ends when its time or its patience is over", .inTurn, .timeLimit(.minutes(1)))
struct ConnectionLimitTests {
    @Test("When the token runs out while connected: ERROR, 4001")
    func tokenRunsOut() async throws {
        let server = try await SoloServer.start(["TOKEN_TTL": "5s"])
        let person = try await server.visitor.person()
        let wire = try await Wire.connect(to: server.url, token: person.token)
        try await wire.frame("WELCOME")
        let close = try await wire.closed()
        #expect(close.code == 4001)
        #expect(close.reason == "TOKEN_EXPIRED")
        #expect(wire.frames("ERROR").map { $0["code"] } == ["TOKEN_EXPIRED"])
        let answer = try await person.api.call(.GET, "/api/me")
        #expect(answer.status == 401)
        #expect(answer.code == "TOKEN_EXPIRED")
    }

    @Test("Who floods is told to slow down, then closed with 4029; others aren't")
    func flood() async throws {
        let server = try await SoloServer.start(["RATE_LIMIT": "20"])
        let person = try await server.visitor.person()
        let other = try await Wire.connect(to: server.url, token: person.token)
        try await other.frame("WELCOME")
        let wire = try await Wire.connect(to: server.url, token: person.token)
        try await wire.frame("WELCOME")
        for index in 0..<500 { try wire.send(["type": "PING", "ref": .string("\(index)")]) }
        let close = try await wire.closed()
        #expect(close.code == 4029)
        #expect(close.reason == "RATE_LIMITED")
        let errors = wire.frames("ERROR")
        #expect(errors.allSatisfy { $0["code"] == "RATE_LIMITED" })
        #expect((errors.first?["retryAfterMs"].integer ?? 0) > 0)
        #expect(errors.first?["ref"].string != nil)
        #expect((40...100).contains(wire.frames("PONG").count))
        try await other.ping()
        try await server.process.waitForLog(containing: "rate_limited")
        other.connection.disconnect()
    }

    @Test("A client that doesn't read is closed; who writes to it and who reads notice nothing")
    func slowConsumer() async throws {
        let server = try await SoloServer.start(["RATE_LIMIT": "0", "OUTBOUND_LIMIT_BYTES": "524288", "LOG_LEVEL": "info"])
        let ada = try await server.visitor.person()
        let bob = try await server.visitor.person()
        let sender = try await Wire.connect(to: server.url, token: ada.token)
        try await sender.frame("WELCOME")
        let reading = try await Wire.connect(to: server.url, token: bob.token)
        try await reading.frame("WELCOME")
        var options = WebSocketClientOptions()
        options.socketReceiveBufferBytes = 4_096
        let stuck = try await Wire.connect(to: server.url, token: bob.token, options: options)
        try await stuck.frame("WELCOME")
        try await stuck.connection.setReading(false)
        // What the kernel keeps for a connection, some MiB, comes on top of the limit.
        let content = String(repeating: "🙂", count: 4_000)
        var count: Int64 = 0
        while count < 1_000, !server.process.log.contains(where: { $0.contains("slow_consumer") }) {
            for _ in 0..<20 {
                count += 1
                try sender.post(content, id: "m\(count)", to: bob.id)
            }
            let last = count
            try await sender.frame("ACK") { $0["ref"].string == "m\(last)" }
            try await reading.frame("MESSAGE_RECEIVE") { $0["message"]["seq"].integer == last }
        }
        let line = try #require(server.process.log.first { $0.contains("slow_consumer") })
        #expect(line.contains(bob.id))
        // It may be gone already: the connection is reset 500 ms after the close frame.
        try? await stuck.connection.setReading(true)
        #expect([4008, nil].contains(try await stuck.closed().code))
        #expect(stuck.frames("MESSAGE_RECEIVE").count < Int(count))
        #expect(reading.frames("MESSAGE_RECEIVE").compactMap { $0["message"]["seq"].integer } == Array(1...count))
        #expect(sender.frames("ACK").count == Int(count))
        for wire in [sender, reading] { wire.connection.disconnect() }
    }

    @Test("A client that answers no ping is closed after two and a half intervals")
    func silent() async throws {
        let server = try await SoloServer.start(["HEARTBEAT_SECONDS": "1"])
        let person = try await server.visitor.person()
        var options = WebSocketClientOptions()
        options.answersPings = false
        let silent = try await Wire.connect(to: server.url, token: person.token, options: options)
        let answering = try await Wire.connect(to: server.url, token: person.token)
        for wire in [silent, answering] { try await wire.frame("WELCOME") }
        _ = try await silent.closed()
        try answering.send(["type": "PING"])
        try await answering.frame("PONG")
        answering.connection.disconnect()
    }
}
