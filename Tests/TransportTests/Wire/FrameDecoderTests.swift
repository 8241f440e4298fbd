import Actors
import NIOCore
import Testing
import Transport

@Suite("A client's text messages become commands")
struct FrameDecoderTests {
    private static let user = "01890000-0000-7000-8000-000000000001"

    private func decode(_ text: String) -> ClientFrame {
        FrameDecoder.decode(ByteBuffer(string: text))
    }

    private func command(_ text: String) throws -> Command {
        try decode(text).command.get()
    }

    private func code(_ text: String) -> RequestError.Code? {
        guard case .failure(let error) = decode(text).command else { return nil }
        return error.code
    }

    @Test("each frame")
    func frames() throws {
        #expect(try command(#"{"type":"PING"}"#) == .ping)
        #expect(try command(#"{"type":"AUTH","token":"abc"}"#) == .authenticate(token: "abc"))
        let user = try #require(UserID(Self.user))
        let id = try #require(ClientMessageID("c-1"))
        #expect(
            try command(#"{"type":"MESSAGE_SEND","clientMessageId":"c-1","content":"hi","recipientId":"\#(Self.user)"}"#)
                == .send(SendCommand(clientMessageID: id, content: "hi", destination: .user(user)))
        )
        let channel = try #require(ChannelName("lobby"))
        #expect(
            try command(#"{"type":"MESSAGE_SEND","clientMessageId":"c-1","content":"h\u00e9","channelId":"ch:lobby","recipientId":null}"#)
                == .send(SendCommand(clientMessageID: id, content: "hé", destination: .channel(channel)))
        )
    }

    @Test("the ref is kept, whatever else is wrong")
    func refs() {
        #expect(decode(#"{"type":"PING","ref":"r1"}"#).ref == "r1")
        #expect(decode(#"{"type":"NOPE","ref":"r1"}"#).ref == "r1")
        #expect(decode(#"{"ref":"r1","type":7}"#).ref == "r1")
        #expect(decode(#"{"type":"PING"}"#).ref == nil)
        #expect(decode(#"{"type":"PING","ref":null}"#).ref == nil)
        let longest = String(repeating: "é", count: 64)
        #expect(decode(#"{"type":"PING","ref":"\#(longest)"}"#).ref == longest)
        #expect(code(#"{"type":"PING","ref":"\#(longest)x"}"#) == .badRequest)
        #expect(code(#"{"type":"PING","ref":5}"#) == .badRequest)
    }

    @Test(
        "what is no frame at all",
        arguments: [
            "", " ", "nonsense", "{", "[]", "null", "5", #""PING""#, #"{"type":"PING""#, #"{"type":"PING"} x"#, #"{"type":}"#,
            "{'type':'PING'}",
            #"{"type":"\ud800"}"#,
        ]
    )
    func notAFrame(text: String) {
        #expect(decode(text).ref == nil)
        #expect(code(text) == .badRequest)
    }

    @Test("nesting without end is refused, not followed", arguments: ["[", #"{"a":"#, #"{"type":["#])
    func nesting(opening: String) {
        #expect(code(String(repeating: opening, count: 60_000 / opening.utf8.count)) == .badRequest)
    }

    @Test("types that are not known, and types that are none")
    func types() {
        #expect(code(#"{"type":"MESSAGE_EXPLODE"}"#) == .unknownType)
        #expect(code(#"{"type":"ping"}"#) == .unknownType)
        #expect(code("{}") == .badRequest)
        #expect(code(#"{"type":["PING"]}"#) == .badRequest)
        #expect(code(#"{"type":null}"#) == .badRequest)
    }

    @Test("fields that are wrong")
    func wrongFields() {
        func send(_ fields: String) -> RequestError.Code? { code(#"{"type":"MESSAGE_SEND",\#(fields)}"#) }
        let to = #""recipientId":"\#(Self.user)""#
        #expect(send(#""clientMessageId":"c","content":"x",\#(to)"#) == nil)
        #expect(send(#""content":"x",\#(to)"#) == .badRequest)
        #expect(send(#""clientMessageId":"","content":"x",\#(to)"#) == .badRequest)
        #expect(send(#""clientMessageId":"é","content":"x",\#(to)"#) == .badRequest)
        #expect(send(#""clientMessageId":5,"content":"x",\#(to)"#) == .badRequest)
        #expect(send(#""clientMessageId":"\#(String(repeating: "a", count: 65))","content":"x",\#(to)"#) == .badRequest)
        #expect(send(#""clientMessageId":"c","content":"",\#(to)"#) == .badRequest)
        #expect(send(#""clientMessageId":"c",\#(to)"#) == .badRequest)
        #expect(send(#""clientMessageId":"c","content":{},\#(to)"#) == .badRequest)
        #expect(send(#""clientMessageId":"c","content":"a\u0000b",\#(to)"#) == .badRequest)
        #expect(send(#""clientMessageId":"c","content":"x""#) == .badRequest)
        #expect(send(#""clientMessageId":"c","content":"x",\#(to),"channelId":"ch:lobby""#) == .badRequest)
        #expect(send(#""clientMessageId":"c","content":"x","recipientId":"somebody""#) == .badRequest)
        #expect(send(#""clientMessageId":"c","content":"x","recipientId":5"#) == .badRequest)
        #expect(send(#""clientMessageId":"c","content":"x","channelId":"lobby""#) == .badRequest)
        #expect(send(#""clientMessageId":"c","content":"x","channelId":"ch:Lobby""#) == .badRequest)
        #expect(code(#"{"type":"AUTH"}"#) == .badRequest)
        #expect(code(#"{"type":"AUTH","token":""}"#) == .badRequest)
        #expect(code(#"{"type":"AUTH","token":{"a":1}}"#) == .badRequest)
    }

    @Test("content may have 4,000 characters, in whatever script", arguments: ["a", "é", "語", "🙂"])
    func contentLength(character: String) {
        func send(_ count: Int) -> RequestError.Code? {
            let content = String(repeating: character, count: count)
            return code(#"{"type":"MESSAGE_SEND","clientMessageId":"c","content":"\#(content)","channelId":"ch:x"}"#)
        }
        #expect(send(4_000) == nil)
        #expect(send(4_001) == .contentTooLong)
    }

    @Test("of a SYNC that is refused it is known whether more of it follows")
    func partsOfASync() {
        func hasMore(_ fields: String) -> Bool? { decode(#"{"type":"SYNC",\#(fields)}"#).syncHasMore }
        #expect(hasMore(#""cursors":{"bad":1},"more":true"#) == true)
        #expect(hasMore(#""cursors":{"bad":1},"more":false"#) == false)
        #expect(hasMore(#""cursors":{"bad":1}"#) == false)
        #expect(hasMore(#""cursors":{"bad":1},"more":null"#) == false)
        #expect(hasMore(#""more":"yes""#) == true)
        #expect(hasMore(#""stamp":7,"more":true"#) == true)
        #expect(hasMore(#""ref":7,"more":true"#) == true)
        #expect(hasMore(#""cursors":{"ch:lobby":1},"more":true"#) == true)
        #expect(hasMore(#""cursors":{"ch:lobby":1}"#) == false)
        #expect(decode(#"{"type":"READ","more":true}"#).syncHasMore == nil)
        #expect(decode(#"{"type":"PING","more":true}"#).syncHasMore == nil)
        #expect(decode("nonsense").syncHasMore == nil)
    }

    @Test("a key that stands twice, and fields nobody knows, do no harm")
    func oddities() throws {
        #expect(try command(#"{"type":"PING","type":"PING","x":[{"y":1e5}]}"#) == .ping)
        #expect(try command(#"{"type":"NOPE","type":"PING"}"#) == .ping)
        #expect(try command(#" { "t\u0079pe" : "P\u0049NG" , "\u0072ef" : null } "#) == .ping)
    }
}
