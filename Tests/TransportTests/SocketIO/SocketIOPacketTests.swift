import NIOCore
import Testing

@testable import Transport

@Suite("Socket.IO's packets are read and written as its protocol has them")
struct SocketIOPacketTests {
    private static func decode(_ text: String) throws(EngineIOViolation) -> SocketIOPacket? {
        var decoder = SocketIODecoder(maxBytes: 100_000)
        return try decoder.receive(ByteBuffer(string: text), isBinary: false)
    }

    private static func packet(
        _ kind: SocketIOPacket.Kind,
        _ namespace: String = "/",
        _ id: String? = nil,
        _ json: String = ""
    ) -> SocketIOPacket {
        SocketIOPacket(kind, namespace: namespace, ackID: id, json: ByteBuffer(string: json))
    }

    @Test(
        "Each form is read, and written again as it was",
        arguments: [
            ("0", packet(.connect)), (#"0{"token":"x"}"#, packet(.connect, "/", nil, #"{"token":"x"}"#)),
            (#"0/admin,{"token":"x"}"#, packet(.connect, "/admin", nil, #"{"token":"x"}"#)), ("1", packet(.disconnect)),
            ("1/admin,", packet(.disconnect, "/admin")), (#"2["hello",1]"#, packet(.event, "/", nil, #"["hello",1]"#)),
            (#"2456["hello"]"#, packet(.event, "/", "456", #"["hello"]"#)), (#"20["hello"]"#, packet(.event, "/", "0", #"["hello"]"#)),
            (#"2/admin,456["a,b",{"k":[true]}]"#, packet(.event, "/admin", "456", #"["a,b",{"k":[true]}]"#)),
            ("3456[]", packet(.ack, "/", "456", "[]")), (#"4{"message":"no"}"#, packet(.connectError, "/", nil, #"{"message":"no"}"#)),
            (#"4"no""#, packet(.connectError, "/", nil, #""no""#)), ("2[7,1]", packet(.event, "/", nil, "[7,1]")),
        ]
    )
    func forms(text: String, packet: SocketIOPacket) throws {
        #expect(try Self.decode(text) == packet)
        #expect(packet.frames.map { String(buffer: ServerFraming.payload(of: $0)) } == ["4" + text])
    }

    @Test("A namespace may end the packet, and its query counts for nothing")
    func namespaces() throws {
        #expect(try Self.decode("0/custom")?.namespace == "/custom")
        #expect(try Self.decode("1/custom")?.namespace == "/custom")
        #expect(try Self.decode("0/custom?a=b,{}")?.namespace == "/custom")
        #expect(try Self.decode("0/?a=b,")?.namespace == "/")
    }

    @Test(
        "Malformed packets are refused",
        arguments: [
            "", "7", "abc", "2", "2{}", "2[]", "2[{}]", "2[null]", "2[true]", #"2["a""#, #"2["a"]x"#, #"2["a",]"#, #"2["a" 1]"#,
            "2abc[\"a\"]",
            #"2["connect"]"#, #"2["connect_error"]"#, #"2["disconnect"]"#, #"2["disconnecting"]"#, #"2["newListener"]"#,
            #"2["removeListener"]"#,
            "0[]", "0\"x\"", "0null", "0{", "1{}", "1[]", "3", "3{}", "31{}", "4", "4[]", "4null", "41", "5", #"5["a"]"#, #"5-["a"]"#,
            #"51["a"]"#,
            #"511-["a"]"#, #"5-1-["a"]"#, #"51x-["a"]"#, #"599999999999999999999-["a"]"#, #"212345678901234567890["a"]"#, "61-{}",
            #"51-["a",{"_placeholder":true,"num":1}]"#, #"51-["a",{"_placeholder":true,"num":-1}]"#, #"51-["a",{"_placeholder":true}]"#,
            #"51-["a",{"_placeholder":true,"num":"0"}]"#, #"51-["a",{"_placeholder":true,"num":0.5}]"#,
            #"51-["a",[{"deep":{"_placeholder":true,"num":99}}]]"#, #"51-["a",{"num":1e3,"_placeholder":true}]"#,
        ]
    )
    func malformed(text: String) {
        #expect(throws: EngineIOViolation.parseError) { try Self.decode(text) }
    }

    @Test("Ten attachments are taken, the eleventh isn't announced")
    func attachmentLimit() throws {
        let decoder = Held(SocketIODecoder(maxBytes: 1_000))
        #expect(try decoder { try $0.receive(ByteBuffer(string: #"510-["a"]"#), isBinary: false) } == nil)
        for number in 0..<9 { #expect(try decoder { try $0.receive(ByteBuffer(bytes: [UInt8(number)]), isBinary: true) } == nil) }
        #expect(try decoder { try $0.receive(ByteBuffer(bytes: [9]), isBinary: true) }?.attachments.count == 10)
        #expect(throws: EngineIOViolation.parseError) { try Self.decode(#"511-["a"]"#) }
    }

    @Test("Attachments follow their packet in order, and it is written with them")
    func attachments() throws {
        let decoder = Held(SocketIODecoder(maxBytes: 1_000))
        let text = #"52-/admin,7["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#
        #expect(try decoder { try $0.receive(ByteBuffer(string: text), isBinary: false) } == nil)
        #expect(try decoder { try $0.receive(ByteBuffer(bytes: [1, 2]), isBinary: true) } == nil)
        let packet = try #require(try decoder { try $0.receive(ByteBuffer(bytes: [3]), isBinary: true) })
        #expect(packet.kind == .event)
        #expect(packet.ackID == "7")
        #expect(packet.attachments == [ByteBuffer(bytes: [1, 2]), ByteBuffer(bytes: [3])])
        let frames = packet.frames
        #expect(String(buffer: ServerFraming.payload(of: frames[0])) == "4" + text)
        #expect(frames.dropFirst().map { ServerFraming.payload(of: $0) } == packet.attachments)
        let answer = SocketIOPacket(.ack, ackID: "7", json: ByteBuffer(string: "[]"), attachments: packet.attachments)
        #expect(String(buffer: ServerFraming.payload(of: answer.frames[0])) == "462-7[]")
    }

    @Test("Binary that nothing announced, text in place of binary, and too much of it are refused")
    func strayAttachments() throws {
        let first = Held(SocketIODecoder(maxBytes: 1_000))
        #expect(throws: EngineIOViolation.parseError) { try first { try $0.receive(ByteBuffer(bytes: [1]), isBinary: true) } }
        let second = Held(SocketIODecoder(maxBytes: 1_000))
        _ = try second { try $0.receive(ByteBuffer(string: #"51-["a"]"#), isBinary: false) }
        #expect(throws: EngineIOViolation.parseError) { try second { try $0.receive(ByteBuffer(string: #"2["a"]"#), isBinary: false) } }
        let third = Held(SocketIODecoder(maxBytes: 100))
        _ = try third { try $0.receive(ByteBuffer(string: #"52-["a"]"#), isBinary: false) }
        #expect(throws: EngineIOViolation.parseError) { try third { try $0.receive(ByteBuffer(repeating: 0, count: 101), isBinary: true) } }
    }

    @Test("A binary event without attachments is an event")
    func noAttachments() throws {
        #expect(try Self.decode(#"50-["a"]"#) == Self.packet(.event, "/", nil, #"["a"]"#))
    }

    @Test("JSON is read no deeper than a limit", arguments: ["[", #"{"a":"#])
    func depth(opening: String) {
        for prefix in [#"2["a","#, #"51-["a","#] {
            let bomb = prefix + String(repeating: opening, count: 40_000)
            #expect(throws: EngineIOViolation.parseError) { try Self.decode(bomb) }
        }
    }

    @Test("An event's name and arguments are found")
    func events() throws {
        let event = try SocketIOJSON.event(ByteBuffer(string: #"["message", 1,"2",{"3":[true,"]"]} ]"#))
        #expect(event.name == "message")
        #expect(event.argument.map { String(buffer: $0) } == "1")
        #expect(String(buffer: event.arguments) == #"1,"2",{"3":[true,"]"]} "#)
        let bare = try SocketIOJSON.event(ByteBuffer(string: #"["a\u0062"]"#))
        #expect(bare.name == "ab")
        #expect(bare.argument == nil)
        #expect(bare.arguments.readableBytes == 0)
    }
}
