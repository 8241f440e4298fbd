import Actors
import NIOCore
import TestSupport
import Testing
import Transport

@Suite("WebSocket over TLS", .timeLimit(.minutes(1)))
struct TLSTests {
    @Test("messages, refusals and kicks pass through TLS")
    func secure() async throws {
        try await withServer(tls: try TestCertificate.serverContext()) { server in
            let url = try server.url(secure: true)
            let tls = try TestCertificate.clientContext()
            let origin = ("Origin", "https://127.0.0.1:\(server.port)")
            let client = try await WebSocketConnection.connect(to: url, headers: [origin], tls: tls)
            client.send(text: #"{"type":"PING"}"#)
            var messages = client.messages.makeAsyncIterator()
            #expect(await messages.next()?.contains("PONG") == true)
            let large = SharedEvent(.goAway(reason: String(repeating: "x", count: 200_000), reconnectAfter: .zero))
            let session = await server.session()
            await session.send(large)
            #expect(await messages.next()?.utf8.count ?? 0 > 200_000)
            await session.end(.suspended, after: .error(ref: nil, .suspended))
            #expect(await messages.next()?.contains("ACCOUNT_SUSPENDED") == true)
            #expect(await client.closed().code == 4003)
            let refusal = await #expect(throws: WebSocketConnectError.self) {
                try await WebSocketConnection.connect(to: url, headers: [("Authorization", "Bearer bad")], tls: tls)
            }
            #expect(refusal?.response?.status == 401)
        }
    }

    @Test("a kick resets a client that doesn't take its leave, and doesn't wait for it")
    func reset() async throws {
        try await withServer(tls: try TestCertificate.serverContext()) { server in
            let tls = try TestCertificate.clientContext()
            let client = try await WebSocketConnection.connect(to: server.url(secure: true), tls: tls)
            try await client.setReading(false)
            let session = await server.session()
            let start = ContinuousClock.now
            await session.end(.suspended, after: .error(ref: nil, .suspended))
            await session.happenings.wait { $0.contains(.closed) }
            let waited = ContinuousClock.now - start
            #expect(waited >= .milliseconds(400) && waited < .seconds(4))
            client.disconnect()
        }
    }

    @Test("a client that speaks no TLS gets no answer, and no session")
    func plainText() async throws {
        try await withServer(tls: try TestCertificate.serverContext()) { server in
            await #expect(throws: WebSocketConnectError.self) { try await server.connect() }
            #expect(server.sessions.elements.isEmpty)
        }
    }
}
