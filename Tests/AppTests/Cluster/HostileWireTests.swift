import LocalCluster
import NIOCore
import NIOHTTP1
import Testing
import Transport

@testable import App

@Suite("A client that breaks the rules harms itself alone", .cluster(["RATE_LIMIT": "0"]), .timeLimit(.minutes(1)))
struct HostileWireTests {
    /// Bytes that end a connection, and the code that it ends with.
    struct Violation: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: UInt16
        let send: @Sendable (WebSocketConnection) -> Void

        init(_ name: String, _ code: UInt16, _ send: @escaping @Sendable (WebSocketConnection) -> Void) {
            testDescription = name
            self.code = code
            self.send = send
        }
    }

    static let violations = [
        Violation("64 KiB and a byte", 1009) { $0.send(text: String(repeating: "x", count: 65_537)) },
        Violation("64 KiB and a byte in parts", 1009) { connection in
            connection.sendFrame(opcode: 1, payload: ByteBuffer(repeating: 0x20, count: 40_000), isFinal: false)
            connection.sendFrame(opcode: 0, payload: ByteBuffer(repeating: 0x20, count: 25_537))
        },
        Violation("a length of many exabytes", 1009) { connection in
            connection.sendBytes(ByteBuffer(bytes: [0x81, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4]))
        },
        Violation("binary", 1003) { $0.sendFrame(opcode: 2, payload: ByteBuffer(string: #"{"type":"PING"}"#)) },
        Violation("bad UTF-8", 1007) { $0.sendFrame(opcode: 1, payload: ByteBuffer(bytes: [0x22, 0xFF, 0xFE, 0x22])) },
        Violation("a surrogate in UTF-8", 1007) { $0.sendFrame(opcode: 1, payload: ByteBuffer(bytes: [0xED, 0xA0, 0x80])) },
        Violation("no mask", 1002) { $0.sendFrame(opcode: 1, payload: ByteBuffer(string: "{}"), isMasked: false) },
        Violation("a reserved bit", 1002) { $0.sendFrame(opcode: 1, payload: ByteBuffer(string: "{}"), reservedBits: 4) },
        Violation("an unknown opcode", 1002) { $0.sendFrame(opcode: 3) },
        Violation("a continuation of nothing", 1002) { $0.sendFrame(opcode: 0) },
        Violation("a ping in parts", 1002) { $0.sendFrame(opcode: 9, isFinal: false) },
        Violation("a ping of 126 bytes", 1002) { $0.sendFrame(opcode: 9, payload: ByteBuffer(repeating: 1, count: 126)) },
        Violation("HTTP in place of frames", 1002) { $0.sendBytes(ByteBuffer(string: "GET / HTTP/1.1\r\n\r\n")) },
    ]

    @Test("Each breach of RFC 6455 has its close code", arguments: violations)
    func breach(violation: Violation) async throws {
        let cluster = try RunningCluster.current
        let person = try await cluster.visitor.person()
        let other = try await Wire.connect(to: cluster.urlA, token: person.token)
        let wire = try await Wire.connect(to: cluster.urlA, token: person.token)
        for each in [other, wire] { try await each.frame("WELCOME") }
        violation.send(wire.connection)
        #expect(try await wire.closed().code == violation.code)
        try await other.ping()
        other.connection.disconnect()
    }

    @Test("What is not a frame of the protocol gets an ERROR with its ref, and the connection stays")
    func wrongFrames() async throws {
        let cluster = try RunningCluster.current
        let person = try await cluster.visitor.person()
        let wire = try await Wire.connect(to: cluster.urlA, token: person.token)
        try await wire.frame("WELCOME")
        let cases: [(text: String, code: String)] = [
            (#"{"type":"NOPE","ref":"r0"}"#, "UNKNOWN_TYPE"), (#"{"type":7,"ref":"r1"}"#, "BAD_REQUEST"), (#"{"ref":"r2"}"#, "BAD_REQUEST"),
            ("junk", "BAD_REQUEST"), ("", "BAD_REQUEST"), ("[]", "BAD_REQUEST"), ("null", "BAD_REQUEST"),
            (String(repeating: "[", count: 65_000), "BAD_REQUEST"), (String(repeating: #"{"a":"#, count: 13_000), "BAD_REQUEST"),
            (#"{"type":"MESSAGE_SEND","ref":"r9","recipientId":{"$ne":1},"content":"x","clientMessageId":"k"}"#, "BAD_REQUEST"),
            (#"{"type":"MESSAGE_SEND","ref":"r10","recipientId":"\#(person.id)","content":"","clientMessageId":"k"}"#, "BAD_REQUEST"),
            (#"{"type":"AUTH","ref":"r11","token":"\#(person.token)"}"#, "BAD_REQUEST"),
        ]
        for frame in cases { wire.connection.send(text: frame.text) }
        try await eventually(within: .seconds(30), "an ERROR for each") { wire.frames("ERROR").count == cases.count }
        #expect(wire.frames("ERROR").compactMap { $0["code"].string } == cases.map(\.code))
        for index in [0, 1, 2, 9, 10, 11] { #expect(wire.frames("ERROR")[index]["ref"].string == "r\(index)") }
        let largest = #"{"type":"PING"}"# + String(repeating: " ", count: 65_536 - 15)
        wire.connection.send(text: largest)
        try await wire.frame("PONG")
        #expect(try await person.api.call(.GET, "/api/conversations").json["conversations"] == [])
        wire.connection.disconnect()
    }

    @Test("10,000 junk frames end their connection with 1008, and another client works on")
    func junk() async throws {
        let cluster = try RunningCluster.current
        let ada = try await cluster.visitor.person()
        let bob = try await cluster.visitor.person()
        let wire = try await Wire.connect(to: cluster.urlA, token: ada.token)
        try await wire.frame("WELCOME")
        let other = try await Wire.connect(to: cluster.urlA, token: bob.token)
        try await other.frame("WELCOME")
        for index in 0..<10_000 { wire.connection.send(text: "junk \(index)") }
        #expect(try await wire.closed().code == 1008)
        #expect(wire.frames("ERROR").count == 21)
        try other.post("still here", id: "k", to: bob.id)
        try await other.frame("ACK")
        other.connection.disconnect()
    }

    @Test("Half a frame and a hang-up are forgotten")
    func halfAFrame() async throws {
        let cluster = try RunningCluster.current
        let person = try await cluster.visitor.person()
        let wire = try await Wire.connect(to: cluster.urlA, token: person.token)
        try await wire.frame("WELCOME")
        wire.connection.sendBytes(ByteBuffer(bytes: [0x81, 0xFE, 0x10, 0x00, 1, 2, 3, 4, 5, 6]))
        wire.connection.disconnect()
        try await cluster.a.waitForLog("the end of the connection") { $0.contains("DISCONNECT") && $0.contains(person.id) }
        let sessions = try await person.api.call(.GET, "/api/me/sessions").json["sessions"].array
        #expect(sessions.map { $0["connectedTo"] } == [.null])
        #expect(try await cluster.visitor.call(.GET, "/readyz").status == 200)
    }
}
