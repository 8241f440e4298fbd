import LocalCluster
import NIOCore
import NIOHTTP1
import TestSupport
import Testing
import Transport

@testable import App

@Suite("A client that breaks the rules harms itself alone", .cluster(["RATE_LIMIT": "0"]), .timeLimit(.minutes(1)))
struct HostileWireTests {
    @Test("Each breach of RFC 6455 has its close code", arguments: FramingViolation.all)
    func breach(violation: FramingViolation) async throws {
        let cluster = try RunningCluster.current
        let person = try await cluster.visitor.person()
        let other = try await Wire.connect(to: cluster.urlA, token: person.token)
        let wire = try await Wire.connect(to: cluster.urlA, token: person.token)
        for each in [other, wire] { try await each.frame("WELCOME") }
        wire.connection.send(violation)
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
        // The line comes before the connection is taken out of the user's.
        try await eventually(within: .seconds(5), "the connection's removal") {
            let sessions = try await person.api.call(.GET, "/api/me/sessions").json["sessions"].array
            return sessions.map { $0["connectedTo"] } == [.null]
        }
        #expect(try await cluster.visitor.call(.GET, "/readyz").status == 200)
    }
}

extension WebSocketConnection {
    fileprivate func send(_ violation: FramingViolation) {
        for part in violation.parts {
            switch part {
            case .frame(let opcode, let payload, let isFinal, let reservedBits, let isMasked):
                sendFrame(
                    opcode: opcode,
                    payload: ByteBuffer(bytes: payload),
                    isFinal: isFinal,
                    reservedBits: reservedBits,
                    isMasked: isMasked
                )
            case .bytes(let bytes): sendBytes(ByteBuffer(bytes: bytes))
            }
        }
    }
}
