import Actors
import NIOCore
import TestSupport
import Testing
import Transport

@Suite("A WebSocket connection carries messages, and ends as it should", .timeLimit(.minutes(1)))
struct WebSocketTrafficTests {
    private static let ping = #"{"type":"PING","ref":"p"}"#

    @Test("fragments with a ping in between are one message")
    func fragments() async throws {
        try await withServer { server in
            let client = try await server.connect()
            let bytes = Array(Self.ping.utf8)
            client.sendFrame(opcode: 1, payload: ByteBuffer(bytes: bytes[..<5]), isFinal: false)
            client.sendFrame(opcode: 9, payload: ByteBuffer(string: "between"))
            client.sendFrame(opcode: 0, isFinal: false)
            client.sendFrame(opcode: 0, payload: ByteBuffer(bytes: bytes[5..<9]), isFinal: false)
            client.sendFrame(opcode: 0, payload: ByteBuffer(bytes: bytes[9...]))
            let session = await server.session()
            let happenings = await session.happenings.wait { $0.contains(.received(ref: "p")) }
            #expect(happenings.filter { $0 != .ticked } == [.started, .received(ref: "p")])
        }
    }

    @Test("bytes one by one are frames all the same")
    func singleBytes() async throws {
        try await withServer { server in
            let client = try await server.connect()
            let payload = Array(Self.ping.utf8)
            for byte in [0x81, 0x80 | UInt8(payload.count), 0, 0, 0, 0] + payload { client.sendBytes(ByteBuffer(bytes: [byte])) }
            let session = await server.session()
            await session.happenings.wait { $0.contains(.received(ref: "p")) }
            #expect(await session.activities >= 1)
        }
    }

    @Test("a message of the largest size passes")
    func largest() async throws {
        try await withServer { server in
            let client = try await server.connect()
            client.send(text: Self.ping + String(repeating: " ", count: 65_536 - Self.ping.utf8.count))
            let session = await server.session()
            await session.happenings.wait { $0.contains(.received(ref: "p")) }
        }
    }

    @Test("pings are answered, many at once by one pong")
    func pings() async throws {
        try await withServer { server in
            let client = try await RawClient(port: server.port)
            client.write(
                "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                    + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            )
            _ = await client.text(containing: "\r\n\r\n")
            var flood = ByteBuffer()
            for _ in 0..<1_000 { flood.writeBytes([0x89, 0x84, 0, 0, 0, 0] + Array("many".utf8)) }
            flood.writeBytes([0x89, 0x84, 0, 0, 0, 0] + Array("last".utf8))
            client.write(flood)
            let text = await client.text(containing: "last")
            #expect(text.split(separator: "many").count < 500)
            client.close()
        }
    }

    @Test("the server's ping is answered, which counts as activity")
    func heartbeat() async throws {
        try await withServer { server in
            let client = try await server.connect()
            let session = await server.session()
            await session.happenings.wait(count: 1)
            let before = await session.activities
            await session.ping()
            client.send(text: Self.ping)
            await session.happenings.wait { $0.contains(.received(ref: "p")) }
            await session.happenings.wait { $0.contains(.ticked) }
            #expect(await session.activities >= before + 1)
        }
    }

    @Test("junk in JSON and half a frame before a hang-up touch nobody else")
    func junk() async throws {
        try await withServer { server in
            let bystander = try await server.connect()
            let client = try await server.connect()
            let bomb = String(repeating: "[", count: 60_000)
            for index in 0..<10_000 {
                client.send(text: index % 1_000 == 0 ? bomb : "junk \(index)")
            }
            let session = await server.session(2)
            let happenings = await session.happenings.wait { $0.filter { $0 == .received(ref: nil) }.count == 10_000 }
            #expect(!happenings.contains(.closed))
            client.sendBytes(ByteBuffer(bytes: [0x81, 0xFE, 0x10]))
            client.disconnect()
            await session.happenings.wait { $0.contains(.closed) }
            bystander.send(text: Self.ping)
            var messages = bystander.messages.makeAsyncIterator()
            #expect(await messages.next() != nil)
        }
    }

    @Test("a client that hangs up ends its session, once")
    func hangUp() async throws {
        try await withServer { server in
            let client = try await server.connect()
            let session = await server.session()
            client.disconnect()
            let happenings = await session.happenings.wait { $0.contains(.closed) }
            #expect(happenings.last == .closed)
            await session.send(.pong(ref: nil, serverTime: Timestamp(milliseconds: 0)))
            #expect(await session.lastAdmission == .skipped)
        }
    }

    private func bulk() -> SharedEvent {
        SharedEvent(.goAway(reason: String(repeating: "x", count: 10_000), reconnectAfter: .zero))
    }

    private var smallBuffers: WebSocketClientOptions {
        var options = WebSocketClientOptions()
        options.socketReceiveBufferBytes = 8_192
        return options
    }

    @Test("what a client doesn't read is bounded")
    func slowConsumer() async throws {
        try await withServer { server in
            let client = try await server.connect(options: smallBuffers)
            try await client.setReading(false)
            let session = await server.session()
            let taken = try #require(await session.fill(with: bulk(), limit: 10_000))
            // 1 MiB wait at most; what the kernel's buffers took comes on top.
            #expect(taken >= 100)
            #expect(taken < 1_000)
            await session.end(.slowConsumer)
            let start = ContinuousClock.now
            await session.happenings.wait { $0.contains(.closed) }
            #expect(ContinuousClock.now - start < .seconds(2))
            client.disconnect()
        }
    }

    @Test("a kick jumps the queue, and resets a client that doesn't read")
    func kickJumpsQueue() async throws {
        try await withServer { server in
            let client = try await server.connect(options: smallBuffers)
            try await client.setReading(false)
            let session = await server.session()
            let taken = try #require(await session.fill(with: bulk(), limit: 10_000))
            let start = ContinuousClock.now
            await session.end(.suspended, after: .error(ref: nil, .suspended))
            client.send(text: Self.ping)
            let happenings = await session.happenings.wait { $0.contains(.closed) }
            let waited = ContinuousClock.now - start
            #expect(waited >= .milliseconds(400) && waited < .seconds(3))
            #expect(!happenings.contains(.received(ref: "p")))
            try? await client.setReading(true)
            var messages = client.messages.makeAsyncIterator()
            var received = 0
            while await messages.next() != nil { received += 1 }
            #expect(received < taken)
        }
    }

    @Test(
        "the server's close says why",
        arguments: [EndReason.suspended, .removed, .revoked, .tokenExpired, .goingAway, .rateLimited, .internalError, .tooManyBadFrames]
    )
    func closes(reason: EndReason) async throws {
        try await withServer { server in
            let client = try await server.connect()
            let session = await server.session()
            await session.end(reason, after: .error(ref: nil, .suspended))
            var messages = client.messages.makeAsyncIterator()
            #expect(await messages.next()?.contains("ACCOUNT_SUSPENDED") == true)
            #expect(await client.closed() == WebSocketClose(code: reason.closeCode, reason: reason.closeText, isClean: true))
            await session.happenings.wait { $0.contains(.closed) }
        }
    }

    @Test("an orderly close comes after everything that waits")
    func orderlyClose() async throws {
        var limits = WebSocketLimits()
        // A machine that is busy takes its time to read all of it.
        limits.closeTimeout = .seconds(30)
        try await withServer(limits: limits) { server in
            let client = try await server.connect()
            try await client.setReading(false)
            let session = await server.session()
            let taken = try #require(await session.fill(with: bulk(), limit: 10_000))
            await session.end(.goingAway)
            try await client.setReading(true)
            var messages = client.messages.makeAsyncIterator()
            var received = 0
            while await messages.next() != nil { received += 1 }
            #expect(received == taken)
            #expect(await client.closed().code == 1001)
        }
    }

    @Test("a server that stops closes with 1001")
    func quiescing() async throws {
        try await withServer { server in
            let client = try await server.connect()
            await server.session().happenings.wait(count: 1)
            await server.shutDown()
            #expect(await client.closed() == WebSocketClose(code: 1001, reason: "GOING_AWAY", isClean: true))
        }
    }

    @Test("a shared event reaches many connections")
    func fanOut() async throws {
        try await withServer { server in
            var clients: [WebSocketConnection] = []
            for _ in 0..<50 { clients.append(try await server.connect()) }
            let event = SharedEvent(.goAway(reason: "drain", reconnectAfter: .seconds(1)))
            for session in await server.sessions.wait(count: 50) { await session.send(event) }
            for client in clients {
                var messages = client.messages.makeAsyncIterator()
                #expect(await messages.next() == #"{"type":"GOAWAY","reason":"drain","reconnectAfterMs":1000}"#)
            }
        }
    }
}
