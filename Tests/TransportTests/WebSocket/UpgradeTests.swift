import Actors
import FoundationEssentials
import NIOCore
import TestSupport
import Testing
import Transport

@Suite("GET /ws is upgraded, or refused with an HTTP answer", .timeLimit(.minutes(1)))
struct UpgradeTests {
    @Test("the token may come in a header, a cookie or a sub-protocol")
    func tokens() async throws {
        try await withServer { server in
            let ways: [(headers: [(String, String)], subprotocols: [String], chosen: String?)] = [
                ([("Authorization", "Bearer good")], [], nil),
                ([("Authorization", "bearer  good")], [], nil),
                ([("Cookie", "a=b; token=good; c=d")], [], nil),
                ([], ["switchboard.v1", "bearer.good"], "switchboard.v1"),
                ([("Authorization", "Bearer good"), ("Cookie", "token=bad")], ["switchboard.v1"], "switchboard.v1"),
            ]
            for (index, way) in ways.enumerated() {
                let client = try await server.connect(headers: way.headers, subprotocols: way.subprotocols)
                #expect(client.subprotocol == way.chosen)
                #expect(await server.session(index + 1).principal == testPrincipal)
            }
        }
    }

    @Test("without a token the session begins without a principal")
    func anonymous() async throws {
        try await withServer { server in
            let client = try await server.connect("/ws?resume=1", headers: [("Cookie", "token="), ("User-Agent", "test/1")])
            let session = await server.session()
            await session.happenings.wait(count: 1)
            #expect(session.principal == nil)
            #expect(session.peer == PeerInfo(userAgent: "test/1", address: "127.0.0.1"))
            client.send(text: #"{"type":"PING"}"#)
            var messages = client.messages.makeAsyncIterator()
            #expect(await messages.next() == #"{"type":"PONG","serverTime":"1970-01-01T00:00:00.000Z"}"#)
        }
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let status: Int
        let code: RequestError.Code
        var target = "/ws"
        var headers: [(String, String)] = []
        var subprotocols: [String] = []
        var answers: [String: String] = [:]
    }

    static let refusals: [Refusal] = [
        Refusal(
            testDescription: "wrong token",
            status: 401,
            code: .unauthenticated,
            headers: [("Authorization", "Bearer bad")],
            answers: ["www-authenticate": "Bearer"]
        ),
        Refusal(testDescription: "other scheme", status: 401, code: .unauthenticated, headers: [("Authorization", "Basic good")]),
        Refusal(testDescription: "wrong cookie", status: 401, code: .unauthenticated, headers: [("Cookie", "token=bad")]),
        Refusal(
            testDescription: "wrong sub-protocol token",
            status: 401,
            code: .unauthenticated,
            subprotocols: ["switchboard.v1", "bearer.bad"]
        ),
        Refusal(testDescription: "suspended", status: 403, code: .accountSuspended, headers: [("Cookie", "token=banned")]),
        Refusal(
            testDescription: "store away",
            status: 503,
            code: .storeUnavailable,
            headers: [("Cookie", "token=away")],
            answers: ["retry-after": "1"]
        ),
        Refusal(
            testDescription: "foreign origin",
            status: 403,
            code: .forbidden,
            headers: [("Origin", "https://evil.org"), ("Cookie", "token=good")]
        ),
        Refusal(testDescription: "null origin", status: 403, code: .forbidden, headers: [("Origin", "null")]),
        Refusal(testDescription: "token in the URL", status: 400, code: .badRequest, target: "/ws?a=b&token=good"),
        Refusal(testDescription: "access_token in the URL", status: 400, code: .badRequest, target: "/ws?access_token=good"),
        Refusal(
            testDescription: "other version",
            status: 426,
            code: .badRequest,
            headers: [("Sec-WebSocket-Version", "8")],
            answers: ["sec-websocket-version": "13"]
        ),
        Refusal(testDescription: "bad key", status: 400, code: .badRequest, headers: [("Sec-WebSocket-Key", "short")]),
        Refusal(
            testDescription: "other protocol",
            status: 426,
            code: .badRequest,
            headers: [("Upgrade", "h2c")],
            answers: ["upgrade": "websocket"]
        ),
        Refusal(
            testDescription: "no Connection: upgrade",
            status: 426,
            code: .badRequest,
            headers: [("Connection", "keep-alive")],
            answers: ["upgrade": "websocket"]
        ),
    ]

    private func refusal(_ server: TestServer, _ refusal: Refusal) async throws -> WebSocketConnectError.Response? {
        do {
            _ = try await server.connect(refusal.target, headers: refusal.headers, subprotocols: refusal.subprotocols)
            return nil
        } catch let error as WebSocketConnectError {
            return error.response
        }
    }

    @Test("each refusal has its status and a body", arguments: refusals)
    func refuses(_ expected: Refusal) async throws {
        try await withServer { server in
            let response = try #require(try await refusal(server, expected))
            #expect(response.status == expected.status)
            let body = try JSONDecoder().decode(ErrorPayload.self, from: Data(response.body.utf8))
            #expect(body.error.code == expected.code.rawValue)
            #expect(!body.error.message.isEmpty)
            for (name, value) in expected.answers { #expect(response.headers[name] == value) }
            #expect(server.sessions.elements.isEmpty)
        }
    }

    @Test("an instance that drains refuses with 503")
    func draining() async throws {
        try await withServer { server in
            server.isDraining.set()
            let response = try await refusal(server, Refusal(testDescription: "", status: 503, code: .storeUnavailable))
            #expect(response?.status == 503)
        }
    }

    @Test("the instance's own origin is allowed, also as a trusted proxy names it")
    func ownOrigin() async throws {
        try await withServer(proxies: try #require(TrustedProxies(list: "127.0.0.1"))) { server in
            _ = try await server.connect(headers: [("Origin", "http://127.0.0.1:\(server.port)")])
            let forwarded = [("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "chat.example"), ("X-Forwarded-For", "192.0.2.7")]
            _ = try await server.connect(headers: forwarded + [("Origin", "https://chat.example")])
            #expect(await server.session(2).peer.address == "192.0.2.7")
        }
    }

    private static let upgrade = """
        GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n
        """

    @Test("the handshake of RFC 6455, section 1.3, with a frame right behind it")
    func handshakeWithEarlyFrame() async throws {
        try await withServer { server in
            let client = try await RawClient(port: server.port)
            client.write(Self.upgrade)
            let ping = ByteBuffer(bytes: [0x89, 0x82, 0, 0, 0, 0, 0x68, 0x69])
            client.write(ping)
            let text = await client.text(containing: "\u{2}hi")
            #expect(text.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
            #expect(text.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
            #expect(text.hasSuffix("\u{2}hi"))
            client.close()
        }
    }

    @Test("a connection that has spoken HTTP can be upgraded as well")
    func keepAliveThenUpgrade() async throws {
        try await withServer(limits: .init(idleTimeout: .seconds(3))) { server in
            let client = try await RawClient(port: server.port)
            client.write("POST /one HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")
            #expect(await client.text(containing: "POST /one 3").hasPrefix("HTTP/1.1 200 OK"))
            client.write("GET /two HTTP/1.1\r\nHost: x\r\n\r\n" + Self.upgrade)
            let text = await client.text(containing: "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
            let second = try #require(text.firstRange(of: "GET /two 0"))
            let third = try #require(text.firstRange(of: "HTTP/1.1 101"))
            #expect(second.upperBound <= third.lowerBound)
            // Past HTTP's idle time-out the connection is there all the same.
            let session = await server.session()
            await session.happenings.wait { $0.count { $0 == .ticked } >= 4 }
            client.write(ByteBuffer(bytes: [0x89, 0x82, 0, 0, 0, 0, 0x68, 0x69]))
            #expect(await client.text(containing: "\u{2}hi").hasSuffix("\u{2}hi"))
            client.close()
            await session.happenings.wait { $0.contains(.closed) }
        }
    }

    @Test("a refusal on a connection that has spoken HTTP")
    func keepAliveThenRefusal() async throws {
        try await withServer { server in
            let client = try await RawClient(port: server.port)
            client.write("GET /one HTTP/1.1\r\nHost: x\r\n\r\nGET /ws HTTP/1.1\r\nHost: x\r\n\r\n")
            let text = await client.textAtEnd()
            #expect(text.contains("GET /one 0"))
            #expect(text.contains("HTTP/1.1 426 Upgrade Required"))
            #expect(text.hasSuffix("}}"))
        }
    }

    @Test("another protocol on another path is answered in HTTP, and the connection is closed")
    func foreignUpgrade() async throws {
        try await withServer { server in
            let client = try await RawClient(port: server.port)
            let first = "GET /one HTTP/1.1\r\nHost: x\r\n\r\n"
            client.write(first + "GET /two HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n")
            let text = await client.textAtEnd()
            #expect(text.hasPrefix("HTTP/1.1 200 OK"))
            let answers = text.split(separator: "GET /one 0")
            #expect(answers.count == 2)
            #expect(answers.first?.contains("onnection: close") == false)
            #expect(answers.last?.contains("onnection: close") == true)
            #expect(text.hasSuffix("GET /two 0"))
        }
    }

    @Test("an answer that says close is the last, though the request goes on for ever")
    func answerThatSaysClose() async throws {
        try await withServer { server in
            let client = try await RawClient(port: server.port)
            client.write("POST /last HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
            let text = await client.textAtEnd()
            #expect(text.hasPrefix("HTTP/1.1 200 OK"))
            #expect(text.hasSuffix("POST /last 0"))
        }
    }

    @Test("what is no HTTP gets 400, headers without end 431")
    func noHTTP() async throws {
        try await withServer { server in
            let junk = try await RawClient(port: server.port)
            junk.write("\u{16}\u{3}\u{1} hello\r\n\r\n")
            #expect(await junk.textAtEnd().hasPrefix("HTTP/1.1 400 Bad Request"))
            let large = try await RawClient(port: server.port)
            large.write("GET / HTTP/1.1\r\nX: " + String(repeating: "x", count: 100_000))
            #expect(await large.textAtEnd().hasPrefix("HTTP/1.1 431 "))
        }
    }

    @Test("who doesn't get as far as a request is closed")
    func slowHead() async throws {
        try await withServer(limits: .init(handshakeTimeout: .milliseconds(200))) { server in
            let silent = try await RawClient(port: server.port)
            #expect(await silent.textAtEnd() == "")
            let slow = try await RawClient(port: server.port)
            slow.write("GET / HTTP/1.1\r\nHost:")
            #expect(await slow.textAtEnd() == "")
        }
    }

    @Test("HTTP without a request for a while is closed")
    func idleHTTP() async throws {
        try await withServer(limits: .init(idleTimeout: .milliseconds(100))) { server in
            let client = try await RawClient(port: server.port)
            client.write("GET /one HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await client.textAtEnd().hasSuffix("GET /one 0"))
        }
    }

    @Test("a client that hangs up in its handshake leaves no session")
    func hangUpDuringHandshake() async throws {
        try await withServer { server in
            let gone = try await RawClient(port: server.port)
            gone.write("GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n")
            gone.close()
            let client = try await server.connect()
            client.send(text: #"{"type":"PING"}"#)
            var messages = client.messages.makeAsyncIterator()
            #expect(await messages.next() != nil)
            #expect(server.sessions.elements.count == 1)
        }
    }
}
