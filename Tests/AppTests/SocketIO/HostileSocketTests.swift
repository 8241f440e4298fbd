import LocalCluster
import NIOCore
import NIOHTTP1
import TestSupport
import Testing
import Transport

@testable import App

@Suite("A Socket.IO client that breaks the rules harms itself alone", .cluster(), .timeLimit(.minutes(2)))
struct HostileSocketTests {
    private static let path = "/socket.io/?EIO=4&transport=websocket"

    @Test(
        "What is no packet, or comes out of turn, closes the connection",
        arguments: [
            ["abc"], ["4abc"], ["42[\"read\",{}]"], ["40{}x"], ["40[]"], ["2"], ["451-[\"a\"]", "40"], ["4511-[\"a\"]"],
            ["42[" + String(repeating: "[", count: 50_000)],
        ]
    )
    func malformed(messages: [String]) async throws {
        let cluster = try RunningCluster.current
        let person = try await cluster.visitor.person()
        let other = try await SocketIOClient.connect(to: cluster.urlA, token: person.token)
        let wire = try await Wire.connect(to: cluster.urlA, path: Self.path)
        for message in messages { wire.connection.send(text: message) }
        _ = try await wire.closed()
        #expect(try await other.ask("read", ["conversationId": "ch:none", "seq": 1])["ok"] == false)
        other.disconnect()
    }

    @Test("CONNECT twice closes the connection")
    func joinsTwice() async throws {
        let cluster = try RunningCluster.current
        let person = try await cluster.visitor.person()
        let wire = try await Wire.connect(to: cluster.urlA, path: Self.path)
        for _ in 0..<2 { wire.connection.send(text: "40{\"token\":\"\(person.token)\"}") }
        _ = try await wire.closed()
    }

    @Test("Binary that nothing announced, and too long a message, close the connection")
    func binary() async throws {
        let cluster = try RunningCluster.current
        let stray = try await Wire.connect(to: cluster.urlA, path: Self.path)
        stray.connection.sendFrame(opcode: 2, payload: ByteBuffer(bytes: [1, 2, 3]))
        _ = try await stray.closed()
        let long = try await Wire.connect(to: cluster.urlA, path: Self.path)
        long.connection.send(text: "4" + String(repeating: "x", count: 1_000_000))
        #expect(try await long.closed().code == 1_009)
    }

    @Test("Requests that are no handshake are refused, and a session's id lets nobody in twice")
    func handshakes() async throws {
        let cluster = try RunningCluster.current
        for query in [
            "", "?EIO=4", "?EIO=4&transport=abc", "?EIO=3&transport=websocket", "?EIO=4&transport=websocket&sid=nobody",
            "?EIO=4&transport=polling",
        ] {
            #expect(try await Wire.refusal(at: cluster.urlA, path: "/socket.io/" + query).status == 400, "\(query)")
        }
        let evil = [("Origin", "https://evil.example")]
        #expect(try await Wire.refusal(at: cluster.urlA, path: Self.path, headers: evil).status == 403)
    }

    @Test("Events that make no sense are answered and change nothing")
    func events() async throws {
        let cluster = try RunningCluster.current
        let person = try await cluster.visitor.person()
        let client = try await SocketIOClient.connect(to: cluster.urlA, token: person.token)
        let cases: [(String, JSONValue, String)] = [
            ("no_such_event", [:], "UNKNOWN_TYPE"), ("send_message", [:], "BAD_REQUEST"), ("send_message", "text", "BAD_REQUEST"),
            ("send_message", ["channelId": ["$ne": 1], "content": "x"], "BAD_REQUEST"),
            ("send_message", ["channelId": "nowhere", "content": "x"], "NOT_FOUND"), ("join_channel", "UPPER CASE", "BAD_REQUEST"),
            ("join_channel", ["channelId": "nowhere", "since": -1], "BAD_REQUEST"), ("typing", [:], "BAD_REQUEST"),
            ("set_presence", ["status": "offline"], "BAD_REQUEST"), ("watch_presence", ["userIds": "x"], "BAD_REQUEST"),
            ("sync", ["stamp": 1], "BAD_REQUEST"),
            ("edit_message", ["conversationId": "ch:a", "messageId": "x", "content": "x"], "BAD_REQUEST"),
        ]
        for (event, argument, code) in cases {
            let answer = try await client.ask(event, argument)
            #expect(answer["ok"] == false, "\(event)")
            #expect(answer["code"].string == code, "\(event)")
        }
        #expect(try await person.api.call(.GET, "/api/conversations").json["conversations"] == [])
        client.disconnect()
    }
}
