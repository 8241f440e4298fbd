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
        let welcome = testWelcome(stamp: Stamp(.max))
        #expect(
            encode(.welcome(welcome))
                == #"{"type":"WELCOME","sessionId":"\#(testPrincipal.sessionID)","userId":"\#(testPrincipal.userID)","username":"alice","role":"user","#
                + #""instanceId":"A","heartbeatMs":25000,"maxFrameBytes":65536,"serverTime":"1970-01-01T00:00:00.000Z","stamp":"18446744073709551615"}"#
        )
    }

    @Test("WELCOME of a session that waits for its SYNC carries no stamp")
    func welcomeWithoutStamp() {
        let welcome = Welcome(
            principal: testPrincipal,
            instanceID: "A",
            heartbeat: .seconds(25),
            maxFrameBytes: 65_536,
            serverTime: Timestamp(milliseconds: 0),
            stamp: nil
        )
        #expect(encode(.welcome(welcome)).hasSuffix(#""serverTime":"1970-01-01T00:00:00.000Z"}"#))
    }

    private static let one = UserID(high: 1, low: 1)
    private static let two = UserID(high: 1, low: 2)
    private static let oneText = "00000000-0000-0001-0000-000000000001"
    private static let twoText = "00000000-0000-0001-0000-000000000002"
    private static let head =
        #""message":{"messageId":"00000000-0000-0003-0000-000000000003","conversationId":"dm:\#(oneText):\#(twoText)","#
        + #""seq":7,"senderId":"\#(oneText)","recipientId":"\#(twoText)","senderName":"alice","content":"#

    @Test("frames about a conversation")
    func conversationFrames() throws {
        let direct = ConversationID.direct(UserPair(Self.one, Self.two))
        #expect(
            encode(.typing(direct, Self.two, isTyping: true))
                == #"{"type":"TYPING","conversationId":"dm:\#(Self.oneText):\#(Self.twoText)","userId":"\#(Self.twoText)","isTyping":true}"#
        )
        let name = try #require(ChannelName("lobby"))
        #expect(
            encode(.typing(.channel(name), Self.one, isTyping: false))
                == #"{"type":"TYPING","conversationId":"ch:lobby","userId":"\#(Self.oneText)","isTyping":false}"#
        )
        #expect(
            encode(.readReceipt(ReadCursor(conversationID: .channel(name), userID: Self.one, seq: 12)))
                == #"{"type":"READ_RECEIPT","conversationId":"ch:lobby","userId":"\#(Self.oneText)","seq":12}"#
        )
        #expect(
            encode(.channelJoined(ref: "r", name, lastSeq: 0, members: 3))
                == #"{"type":"CHANNEL_JOINED","ref":"r","channelId":"ch:lobby","lastSeq":0,"members":3}"#
        )
        #expect(
            encode(.channelJoined(ref: nil, name, lastSeq: 9, members: 1))
                == #"{"type":"CHANNEL_JOINED","channelId":"ch:lobby","lastSeq":9,"members":1}"#
        )
    }

    @Test("frames about presence")
    func presenceFrames() {
        let away = UserPresence(userID: Self.one, status: .away, lastSeen: Timestamp(milliseconds: 0))
        let offline = UserPresence(userID: Self.two, status: .offline, lastSeen: nil)
        let first = #"{"userId":"\#(Self.oneText)","status":"away","lastSeen":"1970-01-01T00:00:00.000Z"}"#
        #expect(encode(.presence(away)) == #"{"type":"PRESENCE",\#(first.dropFirst())"#)
        #expect(encode(.presence(offline)) == #"{"type":"PRESENCE","userId":"\#(Self.twoText)","status":"offline"}"#)
        #expect(encode(.presenceState(ref: nil, [])) == #"{"type":"PRESENCE_STATE","users":[]}"#)
        #expect(
            encode(.presenceState(ref: "p", [away, offline]))
                == #"{"type":"PRESENCE_STATE","ref":"p","users":[\#(first),{"userId":"\#(Self.twoText)","status":"offline"}]}"#
        )
    }

    @Test("frames about where a client stands")
    func positionFrames() throws {
        let name = try #require(ChannelName("lobby"))
        let synced = Synced(cursors: [.channel(name): 5], stamp: Stamp(.max), isComplete: false)
        #expect(
            encode(.synced(ref: "s", synced))
                == #"{"type":"SYNCED","ref":"s","cursors":{"ch:lobby":5},"stamp":"18446744073709551615","complete":false}"#
        )
        #expect(
            encode(.synced(ref: nil, Synced(cursors: [:], stamp: Stamp(0), isComplete: true)))
                == #"{"type":"SYNCED","cursors":{},"stamp":"0","complete":true}"#
        )
        #expect(encode(.clusterStatus(isDegraded: true)) == #"{"type":"CLUSTER_STATUS","degraded":true}"#)
        #expect(encode(.clusterStatus(isDegraded: false)) == #"{"type":"CLUSTER_STATUS","degraded":false}"#)
        #expect(
            encode(.pong(ref: "r", serverTime: Timestamp(milliseconds: 0)))
                == #"{"type":"PONG","ref":"r","serverTime":"1970-01-01T00:00:00.000Z"}"#
        )
    }

    @Test("a message to the letter, new and replayed")
    func messageToTheLetter() throws {
        let message = try message(content: "hi")
        #expect(
            encode(.messageReceived(message, showsClientMessageID: true, isReplayed: false))
                == #"{"type":"MESSAGE_RECEIVE",\#(Self.head)"hi","clientMessageId":"c-\"1","createdAt":"2026-01-08T12:00:00.123Z"}}"#
        )
        #expect(
            encode(.messageReceived(message, showsClientMessageID: false, isReplayed: true))
                == #"{"type":"MESSAGE_RECEIVE",\#(Self.head)"hi","createdAt":"2026-01-08T12:00:00.123Z"},"replayed":true}"#
        )
    }

    private func changed(
        _ content: String,
        editedAt: Int64? = nil,
        deletedAt: Int64? = nil,
        reactions: [Reaction] = [],
        rev: Int64
    ) throws -> Message {
        let sent = try message(content: content)
        return Message(
            messageID: sent.messageID,
            conversationID: sent.conversationID,
            seq: sent.seq,
            senderID: sent.senderID,
            senderName: sent.senderName,
            content: content,
            clientMessageID: sent.clientMessageID,
            createdAt: sent.createdAt,
            editedAt: editedAt.map { Timestamp(milliseconds: $0) },
            deletedAt: deletedAt.map { Timestamp(milliseconds: $0) },
            reactions: Reactions(reactions),
            rev: rev
        )
    }

    @Test("what has become of a message, to the letter")
    func updatesToTheLetter() throws {
        let created = #""createdAt":"2026-01-08T12:00:00.123Z""#
        #expect(
            encode(.messageUpdated(try changed("new", editedAt: 0, rev: 1), showsClientMessageID: false))
                == #"{"type":"MESSAGE_UPDATE",\#(Self.head)"new",\#(created),"rev":1,"editedAt":"1970-01-01T00:00:00.000Z"}}"#
        )
        #expect(
            encode(.messageUpdated(try changed("", deletedAt: 5, rev: 2), showsClientMessageID: false))
                == #"{"type":"MESSAGE_UPDATE",\#(Self.head)"",\#(created),"rev":2,"deletedAt":"1970-01-01T00:00:00.005Z"}}"#
        )
        let reactions = [Reaction(emoji: "🙂", userIDs: [Self.one, Self.two]), Reaction(emoji: "\"", userIDs: [Self.two])]
        #expect(
            encode(.messageUpdated(try changed("x", reactions: reactions, rev: 3), showsClientMessageID: false))
                == #"{"type":"MESSAGE_UPDATE",\#(Self.head)"x",\#(created),"rev":3,"#
                + #""reactions":{"🙂":["\#(Self.oneText)","\#(Self.twoText)"],"\"":["\#(Self.twoText)"]}}}"#
        )
    }

    @Test("what has become of a message comes back as it was")
    func changesRoundTrip() throws {
        let reactions = [Reaction(emoji: "👍", userIDs: [Self.two, Self.one]), Reaction(emoji: "🙂", userIDs: [Self.one])]
        for message in [
            try changed("new", editedAt: 1_767_873_600_456, rev: 1),
            try changed("", deletedAt: 1_767_873_600_456, rev: .max),
            try changed("new", editedAt: 1, reactions: reactions, rev: 4),
        ] {
            let frame = try decoded(.messageUpdated(message, showsClientMessageID: true))
            #expect(frame.type == "MESSAGE_UPDATE")
            #expect(frame.message?.message == message)
            let payload = MessagePayload(message, showsClientMessageID: true)
            #expect(frame.message == payload)
            #expect(try JSONDecoder().decode(MessagePayload.self, from: JSONEncoder().encode(payload)).message == message)
        }
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
