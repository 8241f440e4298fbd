import NIOCore
import Testing

@testable import Transport

@Suite("Engine.IO's packets are read and written as its protocol has them")
struct EngineIOPacketTests {
    @Test(
        "A packet is a digit and what follows it",
        arguments: [
            ("0{}", EngineIOPacket.Kind.open, "{}"), ("1", .close, ""), ("2", .ping, ""), ("2probe", .ping, "probe"),
            ("3probe", .pong, "probe"),
            ("4hello", .message, "hello"), ("4", .message, ""), ("5", .upgrade, ""), ("6", .noop, ""),
        ]
    )
    func text(text: String, kind: EngineIOPacket.Kind, payload: String) throws {
        let packet = try EngineIOPacket(parsing: ByteBuffer(string: text))
        #expect(packet == EngineIOPacket(kind, ByteBuffer(string: payload)))
        #expect(ServerFraming.payload(of: packet.frame) == ByteBuffer(string: text))
    }

    @Test("Anything else is no packet", arguments: ["", "7", "abc", "b", " 4", "/"])
    func malformed(text: String) {
        #expect(throws: EngineIOViolation.parseError) { try EngineIOPacket(parsing: ByteBuffer(string: text)) }
    }

    @Test("A payload holds packets between separators, binary ones in base64")
    func payload() throws {
        let body = ByteBuffer(string: "4hello\u{1E}2\u{1E}bAQIDBA==\u{1E}4€")
        let packets = [
            EngineIOPacket(.message, ByteBuffer(string: "hello")), EngineIOPacket(.ping),
            EngineIOPacket(binary: ByteBuffer(bytes: [1, 2, 3, 4])),
            EngineIOPacket(.message, ByteBuffer(string: "€")),
        ]
        #expect(try EngineIOPayload.decode(body) == packets)
        #expect(EngineIOPayload.encode(packets.map(\.frame)) == body)
    }

    @Test("Frames of every length carry their payload", arguments: [0, 1, 124, 125, 126, 65_534, 65_535, 65_536, 70_000])
    func lengths(length: Int) throws {
        let payload = ByteBuffer(repeating: UInt8(ascii: "x"), count: length)
        let frame = EngineIOPacket(.message, payload).frame
        #expect(try EngineIOPacket(parsing: ServerFraming.payload(of: frame)).payload == payload)
        #expect(!ServerFraming.isBinary(frame))
        let binary = EngineIOPacket(binary: payload).frame
        #expect(ServerFraming.payload(of: binary) == payload)
        #expect(ServerFraming.isBinary(binary))
    }

    @Test(
        "A payload with one packet that is none is refused whole",
        arguments: ["", "\u{1E}", "4a\u{1E}", "\u{1E}4a", "4a\u{1E}\u{1E}4b", "4a\u{1E}x", "b*", "bAQI", "4a\u{1E}bAQIDBA="]
    )
    func malformedPayload(text: String) {
        #expect(throws: EngineIOViolation.parseError) { try EngineIOPayload.decode(ByteBuffer(string: text)) }
    }

    @Test("What is not UTF-8 is refused, and so is a body of too many packets")
    func hostilePayload() {
        #expect(throws: EngineIOViolation.parseError) { try EngineIOPayload.decode(ByteBuffer(bytes: [0x34, 0xFF])) }
        let many = Array(repeating: "3", count: EngineIOPayload.packetLimit + 1).joined(separator: "\u{1E}")
        #expect(throws: EngineIOViolation.parseError) { try EngineIOPayload.decode(ByteBuffer(string: many)) }
    }

    @Test("Errors have the protocol's numbers and words")
    func errors() {
        #expect(String(buffer: EngineIOError.unknownTransport.body) == #"{"code":0,"message":"Transport unknown"}"#)
        #expect(String(buffer: EngineIOError.unknownSession.body) == #"{"code":1,"message":"Session ID unknown"}"#)
        #expect(String(buffer: EngineIOError.badHandshakeMethod.body) == #"{"code":2,"message":"Bad handshake method"}"#)
        #expect(String(buffer: EngineIOError.badRequest.body) == #"{"code":3,"message":"Bad request"}"#)
        #expect(String(buffer: EngineIOError.unsupportedVersion.body) == #"{"code":5,"message":"Unsupported protocol version"}"#)
        #expect(EngineIOError.forbidden("no").status == 403)
        #expect(EngineIOError.badRequest.status == 400)
    }
}
