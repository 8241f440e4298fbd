import Actors
import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import Transport

@Suite("Engine.IO holds long polling within its limit, and lets a WebSocket take over", .timeLimit(.minutes(1)))
struct EngineIOServerTests {
    private func withEngine(limit: Int = 100, _ body: (TestServer, PollingClient) async throws -> Void) async throws {
        var configuration = EngineIOConfiguration(path: "/engine.io/")
        configuration.pollingSessionLimit = limit
        let engine = EngineIOServer(configuration: configuration, instanceID: "A", origins: AllowedOrigins()) { EngineIOEcho() }
        try await withServer(engineIO: [engine]) { server in
            let group = MultiThreadedEventLoopGroup.singleton
            let channel = try await ServerBootstrap(group: group).bind(host: "127.0.0.1", port: 0).get()
            try await body(server, PollingClient(engine: engine, loops: SessionLoops(group: group), channel: channel))
            try await channel.close()
        }
    }

    @Test("Only sessions over long polling count for its limit, until they change over or end")
    func limit() async throws {
        try await withEngine(limit: 2) { server, polling in
            var sockets: [WebSocketConnection] = []
            for _ in 0..<3 {
                let socket = try await server.connect("/engine.io/?EIO=4&transport=websocket")
                #expect(await socket.next()?.hasPrefix("0{") == true)
                sockets.append(socket)
            }
            let first = try await polling.open()
            let second = try await polling.open()
            await #expect(throws: EngineIOError.unavailable) { try await polling.open() }
            let upgraded = try await server.connect("/engine.io/?EIO=4&transport=websocket&sid=\(first)")
            upgraded.send(text: "2probe")
            #expect(await upgraded.next() == "3probe")
            await #expect(throws: EngineIOError.unavailable) { try await polling.open() }
            upgraded.send(text: "5")
            upgraded.send(text: "4here")
            #expect(await upgraded.next() == "4here")
            let third = try await polling.open()
            await #expect(throws: EngineIOError.unavailable) { try await polling.open() }
            for sid in [second, third] { _ = try await polling.post("1", sid) }
            _ = try await polling.open()
            _ = try await polling.open()
            await #expect(throws: EngineIOError.unavailable) { try await polling.open() }
            for socket in sockets + [upgraded] { socket.disconnect() }
        }
    }

    @Test("Who goes on polling while a WebSocket is to take over is answered ten times a second, and at once where something comes")
    func pollsWhileUpgrading() async throws {
        try await withEngine { server, polling in
            let sid = try await polling.open()
            let socket = try await server.connect("/engine.io/?EIO=4&transport=websocket&sid=\(sid)")
            socket.send(text: "2probe")
            #expect(await socket.next() == "3probe")
            let start = ContinuousClock.now
            for _ in 0..<3 { #expect(try await polling.get(sid) == "6") }
            #expect(ContinuousClock.now - start >= .milliseconds(300))
            _ = try await polling.post("4news", sid)
            #expect(try await polling.get(sid) == "4news")
            socket.send(text: "5")
            socket.send(text: "4here")
            #expect(await socket.next() == "4here")
            await #expect(throws: EngineIOError.badRequest) { try await polling.get(sid) }
            socket.disconnect()
        }
    }
}

/// Requests of long polling, without HTTP.
private struct PollingClient: Sendable {
    let engine: EngineIOServer
    let loops: SessionLoops
    let channel: any Channel

    /// The id of a new session.
    func open() async throws(EngineIOError) -> String {
        let answer = try await request("GET", "")
        return String(answer.split(separator: "\"")[3])
    }

    func get(_ sid: String) async throws(EngineIOError) -> String {
        try await request("GET", "&sid=\(sid)")
    }

    func post(_ text: String, _ sid: String) async throws(EngineIOError) -> String {
        try await request("POST", "&sid=\(sid)", text)
    }

    private func request(_ method: String, _ query: String, _ body: String = "") async throws(EngineIOError) -> String {
        let request = EngineIORequest(
            method: method,
            uri: "/engine.io/?EIO=4&transport=polling" + query,
            origin: nil,
            endpoint: RequestEndpoint(socketAddress: nil, isSecure: false, trustedProxies: TrustedProxies()) { _ in nil },
            handshake: EngineIOHandshake(peer: PeerInfo(userAgent: nil, address: nil), token: nil),
            contentType: nil,
            channel: channel
        )
        let answer = try await engine.respond(to: request, loops: loops) { () async throws(EngineIOError) in ByteBuffer(string: body) }
        return String(buffer: answer)
    }
}

extension WebSocketConnection {
    /// The next message; nil where the connection has ended.
    fileprivate func next() async -> String? {
        var messages = messages.makeAsyncIterator()
        return await messages.next()
    }
}
