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

    @Test("a client that speaks no TLS gets no answer, and no session")
    func plainText() async throws {
        try await withServer(tls: try TestCertificate.serverContext()) { server in
            await #expect(throws: WebSocketConnectError.self) { try await server.connect() }
            #expect(server.sessions.elements.isEmpty)
        }
    }
}
