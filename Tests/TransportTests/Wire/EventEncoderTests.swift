import Actors
import FoundationEssentials
import NIOCore
import Testing
import Transport

@Suite("Events become the protocol's frames")
struct EventEncoderTests {
    private func encode(_ event: Event) -> String {
        var buffer = ByteBuffer()
        EventEncoder.encode(event, into: &buffer)
        return String(buffer: buffer)
    }

    private func message(content: String, in conversation: ConversationID? = nil) throws -> Message {
        let sender = UserID(high: 1, low: 1)
        let other = UserID(high: 1, low: 2)
        return Message(
            messageID: MessageID(high: 3, low: 3),
            conversationID: conversation ?? .direct(UserPair(sender, other)),
            seq: 7,
            senderID: sender,
            senderName: "alice",
            content: content,
            clientMessageID: try #require(ClientMessageID("c-\"1")),
            createdAt: Timestamp(milliseconds: 1_767_873_600_123)
        )
    }

    @Test("frames without a message")
    func plainFrames() {
        #expect(
            encode(.pong(ref: nil, serverTime: Timestamp(milliseconds: 0))) == #"{"type":"PONG","serverTime":"1970-01-01T00:00:00.000Z"}"#
        )
        #expect(encode(.ack(ref: nil, message: nil, isDuplicate: false)) == #"{"type":"ACK"}"#)
        #expect(encode(.ack(ref: "r", message: nil, isDuplicate: false)) == #"{"type":"ACK","ref":"r"}"#)
        #expect(
            encode(.error(ref: "r\n", RequestError(.rateLimited, "Slow \"down\".", retryAfter: .milliseconds(1_500))))
                == #"{"type":"ERROR","ref":"r\n","code":"RATE_LIMITED","message":"Slow \"down\".","retryAfterMs":1500}"#
        )
        #expect(
            encode(.goAway(reason: "drain", reconnectAfter: .seconds(3))) == #"{"type":"GOAWAY","reason":"drain","reconnectAfterMs":3000}"#
        )
    }

    @Test("WELCOME")
    func welcome() {
        let welcome = Welcome(
            principal: testPrincipal,
            instanceID: "A",
            heartbeat: .seconds(25),
            maxFrameBytes: 65_536,
            serverTime: Timestamp(milliseconds: 0),
            stamp: Stamp(.max)
        )
        #expect(
            encode(.welcome(welcome))
                == #"{"type":"WELCOME","sessionId":"\#(testPrincipal.sessionID)","userId":"\#(testPrincipal.userID)","username":"alice","role":"user","#
                + #""instanceId":"A","heartbeatMs":25000,"maxFrameBytes":65536,"serverTime":"1970-01-01T00:00:00.000Z","stamp":"18446744073709551615"}"#
        )
    }

    private struct Frame: Decodable {
        let type: String
        let clientMessageId: String?
        let message: MessagePayload?
        let duplicate: Bool?
    }

    private func decoded(_ event: Event) throws -> Frame {
        try JSONDecoder().decode(Frame.self, from: Data(encode(event).utf8))
    }

    @Test(
        "the message object is the one that MessagePayload makes",
        arguments: ["hi", "\u{1}\u{1F}\"\\/\n\r\t\u{8}", "é 語 🙂 \u{7F}\u{2028}", ""]
    )
    func messages(content: String) throws {
        let channel = ConversationID.channel(try #require(ChannelName("lobby")))
        for message in [try message(content: content), try message(content: content, in: channel)] {
            let ack = try decoded(.ack(ref: "r", message: message, isDuplicate: true))
            #expect(ack.type == "ACK" && ack.duplicate == true && ack.clientMessageId == message.clientMessageID.description)
            #expect(ack.message == MessagePayload(message, showsClientMessageID: true))
            #expect(ack.message?.message == message)
            let foreign = try decoded(.messageReceived(message, showsClientMessageID: false, isReplayed: false))
            #expect(foreign.type == "MESSAGE_RECEIVE" && foreign.duplicate == nil && foreign.clientMessageId == nil)
            #expect(foreign.message == MessagePayload(message, showsClientMessageID: false))
            #expect(foreign.message?.clientMessageId == nil)
            #expect(try decoded(.messageReceived(message, showsClientMessageID: true, isReplayed: false)).message?.message == message)
        }
    }

    @Test("recipientId in direct messages, channelId in channels")
    func destinations() throws {
        let direct = MessagePayload(try message(content: "x"), showsClientMessageID: false)
        #expect(direct.recipientId == UserID(high: 1, low: 2).description && direct.channelId == nil)
        let channel = MessagePayload(try message(content: "x", in: .channel(try #require(ChannelName("a")))), showsClientMessageID: false)
        #expect(channel.channelId == "ch:a" && channel.recipientId == nil)
    }

    @Test("payloads that are no message", arguments: ["senderId", "seq", "messageId", "conversationId", "clientMessageId"])
    func badPayloads(field: String) throws {
        let good = try JSONEncoder().encode(MessagePayload(try message(content: "x"), showsClientMessageID: true))
        var fields = try JSONDecoder().decode([String: JSONValue].self, from: good)
        fields[field] = field == "seq" ? .number(0) : .text("?\u{7F}")
        let bad = try JSONDecoder().decode(MessagePayload.self, from: JSONEncoder().encode(fields))
        #expect(bad.message == nil)
    }

    private enum JSONValue: Codable {
        case text(String)
        case number(Int)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            self = if let number = try? container.decode(Int.self) { .number(number) } else { .text(try container.decode(String.self)) }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .text(let text): try container.encode(text)
            case .number(let number): try container.encode(number)
            }
        }
    }

    @Test("frames carry the header that their length needs", arguments: [10, 65, 66, 125, 126, 65_000, 65_535, 65_536, 100_000])
    func framing(length: Int) throws {
        let event = Event.goAway(reason: String(repeating: "x", count: length), reconnectAfter: .zero)
        var parser = WebSocketFrameParser(source: .server, maxPayload: 1 << 20)
        parser.append(ServerFraming.frame(event))
        let frame = try #require(try parser.next())
        #expect(frame.opcode == .text && frame.isFinal)
        #expect(String(buffer: frame.payload) == encode(event))
        #expect(try parser.next() == nil)
    }

    @Test("a shared event is encoded once")
    func shared() {
        let event = SharedEvent(.pong(ref: nil, serverTime: Timestamp(milliseconds: 5)))
        let first = ServerFraming.frame(event)
        let second = ServerFraming.frame(event)
        #expect(first == second)
        #expect(first.withUnsafeReadableBytes(\.baseAddress) == second.withUnsafeReadableBytes(\.baseAddress))
    }
}
