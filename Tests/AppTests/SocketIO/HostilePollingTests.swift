import AsyncHTTPClient
import LocalCluster
import NIOCore
import NIOHTTP1
import TestSupport
import Testing
import Transport

@testable import App

@Suite("Long polling answers whatever comes, and a client that breaks the rules harms itself alone", .cluster(), .timeLimit(.minutes(2)))
struct HostilePollingTests {
    private func polling() throws -> Polling {
        Polling(base: try RunningCluster.current.urlA)
    }

    @Test(
        "Errors have Engine.IO's numbers",
        arguments: [
            (HTTPMethod.GET, "", Int64(0)), (.GET, "?EIO=4", 0), (.GET, "?EIO=4&transport=abc", 0), (.GET, "?transport=polling", 5),
            (.GET, "?EIO=3&transport=polling", 5), (.GET, "?EIO=4&transport=polling&sid=nobody", 1), (.POST, "?EIO=4&transport=polling", 2),
            (.PUT, "?EIO=4&transport=polling", 2), (.GET, "?EIO=4&transport=websocket", 3),
            (.DELETE, "?EIO=4&transport=polling&sid=nobody", 1),
        ]
    )
    func errors(method: HTTPMethod, query: String, code: Int64) async throws {
        let answer = try await polling().request(method, query)
        #expect(answer.status == 400)
        #expect(answer.code == code)
        #expect(answer.headers.first(name: "Content-Type") == "application/json")
    }

    @Test("A session of one instance is unknown to the other, and its id names the instance")
    func instances() async throws {
        let cluster = try RunningCluster.current
        let sid = try await polling().open()
        #expect(sid.hasSuffix(".A"))
        let answer = try await Polling(base: cluster.urlB).get(sid)
        #expect(answer.status == 400)
        #expect(answer.code == 1)
        #expect(try await polling().post(sid, "3").text == "ok")
    }

    @Test(
        "A body that can't be read ends the session",
        arguments: ["", "abc", "4", "42[\"x\"]", "2", "bnot base64", "4a\u{1E}", "40{", "451-[\"a\"]\u{1E}40"]
    )
    func malformed(body: String) async throws {
        let polling = try polling()
        let sid = try await polling.open()
        #expect(try await polling.post(sid, body).status == 400)
        #expect(try await polling.get(sid).status == 400)
    }

    @Test("Octets are no packets; too many bytes are refused with 413, said or not")
    func sizes() async throws {
        let polling = try polling()
        let octets = try await polling.open()
        #expect(try await polling.post(octets, "3", headers: [("Content-Type", "application/octet-stream")]).status == 400)
        #expect(try await polling.post(octets, "3").status == 200)
        let said = try await polling.open()
        let large = ByteBuffer(repeating: UInt8(ascii: "4"), count: 1_000_001)
        let query = "?EIO=4&transport=polling&sid="
        #expect(try await polling.request(.POST, query + said, body: .bytes(large)).status == 413)
        let unsaid = try await polling.open()
        let (stream, continuation) = AsyncStream.makeStream(of: ByteBuffer.self, bufferingPolicy: .bufferingOldest(1))
        continuation.yield(large)
        continuation.finish()
        #expect(try await polling.request(.POST, query + unsaid, body: .stream(stream, length: .unknown)).status == 413)
    }

    @Test("Two GETs at once end the session: the first is told, the second refused")
    func twoPolls() async throws {
        let polling = try polling()
        let sid = try await polling.open()
        async let one = polling.get(sid)
        async let two = polling.get(sid)
        let answers = try await [one, two].sorted { $0.status < $1.status }
        #expect(answers.map(\.status) == [200, 400])
        #expect(answers[0].text == "1")
        #expect(try await polling.get(sid).code == 1)
    }

    @Test("A POST whose body never ends is cut off with its session")
    func endlessPost() async throws {
        let server = try await SoloServer.start(["SOCKETIO_PING_INTERVAL_MS": "200", "SOCKETIO_PING_TIMEOUT_MS": "200"])
        let polling = Polling(base: server.url)
        let sid = try await polling.open()
        let (stream, continuation) = AsyncStream.makeStream(of: ByteBuffer.self, bufferingPolicy: .bufferingOldest(1))
        continuation.yield(ByteBuffer(string: "4"))
        await #expect(throws: (any Error).self) {
            let answer = try await polling.request(.POST, "?EIO=4&transport=polling&sid=\(sid)", body: .stream(stream, length: .unknown))
            if answer.status >= 400 { throw APIClient.Failure(description: "refused") }
        }
        continuation.finish()
        #expect(try await polling.get(sid).code == 1)
        server.process.terminate()
        #expect(try await server.process.waitForExit(timeout: .seconds(30)) == .exited(0))
    }

    @Test("A page of an allowed origin is answered with CORS, errors included; any other is forbidden")
    func origins() async throws {
        let cluster = try RunningCluster.current
        let polling = try polling()
        let own = [("Origin", cluster.urlA)]
        for query in ["?EIO=4&transport=polling", "?EIO=4&transport=abc"] {
            let answer = try await polling.request(.GET, query, headers: own)
            #expect(answer.headers.first(name: "Access-Control-Allow-Origin") == cluster.urlA)
            #expect(answer.headers.first(name: "Access-Control-Allow-Credentials") == "true")
        }
        let preflight = try await polling.request(.OPTIONS, "", headers: own + [("Access-Control-Request-Method", "POST")])
        #expect(preflight.status == 204)
        let evil = try await polling.request(.GET, "?EIO=4&transport=polling", headers: [("Origin", "https://evil.example")])
        #expect(evil.status == 403)
        #expect(evil.code == 4)
        #expect(evil.headers.first(name: "Access-Control-Allow-Origin") == nil)
    }

    @Test("A server stops though requests wait, and they are answered")
    func stopping() async throws {
        let server = try await SoloServer.start(["DRAIN_SECONDS": "1"])
        let polling = Polling(base: server.url)
        let sid = try await polling.open()
        async let waiting = polling.get(sid)
        // What is answered shows that the GET before it has come, most of the time; where not, it is refused or never connected.
        #expect(try await polling.post(sid, "3").status == 200)
        server.process.terminate()
        #expect(try await server.process.waitForExit(timeout: .seconds(30)) == .exited(0))
        if let answer = try? await waiting { #expect(answer.text == "1" || answer.status >= 400) }
    }

    @Test("Off is off, and polling alone can be")
    func off() async throws {
        let off = try await SoloServer.start(["SOCKETIO": "off"])
        #expect(try await Polling(base: off.url).request(.GET, "?EIO=4&transport=polling").status == 404)
        #expect(try await Wire.refusal(at: off.url, path: "/socket.io/?EIO=4&transport=websocket").status == 404)
        off.process.terminate()
        let alone = try await SoloServer.start(["SOCKETIO_POLLING": "false", "SOCKETIO_PATH": "/chat/io/"])
        #expect(try await Polling(base: alone.url, path: "/chat/io/").request(.GET, "?EIO=4&transport=polling").code == 0)
        let wire = try await Wire.connect(to: alone.url, path: "/chat/io/?EIO=4&transport=websocket")
        wire.connection.disconnect()
        alone.process.terminate()
    }
}
