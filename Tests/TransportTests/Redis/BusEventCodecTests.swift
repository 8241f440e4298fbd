import Actors
import Testing
import Transport

@Suite("Chat and presence events travel as JSON, and one that contradicts itself is rejected")
struct BusEventCodecTests {
    private let codec = BusEnvelopeCodec(secret: nil)
    private static let one = UserID(high: 1, low: 1)
    private static let two = UserID(high: 1, low: 2)
    private static let direct = ConversationID.direct(UserPair(one, two))
    private static let name = ChannelName("general") ?? { fatalError("not a channel's name") }()

    private static func changed(
        _ content: String,
        in conversation: ConversationID = direct,
        editedAt: Int64? = nil,
        deletedAt: Int64? = nil,
        reactions: [Reaction] = [],
        rev: Int64 = 1
    ) -> Message {
        Message(
            messageID: MessageID(high: 2, low: 2),
            conversationID: conversation,
            seq: 5,
            senderID: one,
            senderName: "alice",
            content: content,
            clientMessageID: ClientMessageID("c-5") ?? { fatalError("not a client message id") }(),
            createdAt: Timestamp(milliseconds: 1_767_873_600_123),
            editedAt: editedAt.map { Timestamp(milliseconds: $0) },
            deletedAt: deletedAt.map { Timestamp(milliseconds: $0) },
            reactions: Reactions(reactions),
            rev: rev
        )
    }

    private static let chatEvents: [ChatEvent] = [
        .updated(changed("new \"text\"", editedAt: 1_767_873_700_000)),
        .updated(changed("", in: .channel(name), deletedAt: 1_767_873_700_000, rev: 9)),
        .reaction(changed("hello", reactions: [Reaction(emoji: "👍", userIDs: [two, one]), Reaction(emoji: "🙂", userIDs: [one])], rev: 3)),
        .reaction(changed("hello", in: .channel(name), rev: 4)),
        .typing(direct, two, isTyping: true),
        .typing(.channel(name), one, isTyping: false),
        .read(ReadCursor(conversationID: direct, userID: one, seq: 1)),
        .read(ReadCursor(conversationID: .channel(name), userID: one, seq: .max)),
        .membership(name, two, isMember: true),
        .membership(name, two, isMember: false),
    ]

    private static let presenceEvents: [PresenceEvent] = [
        PresenceEvent(kind: .online, userID: one, username: "alice", status: .online, timestamp: Timestamp(milliseconds: 1)),
        PresenceEvent(kind: .status, userID: one, username: "a \"b\"", status: .busy, timestamp: Timestamp(milliseconds: 2)),
        PresenceEvent(kind: .offline, userID: two, username: "bob", status: .offline, timestamp: Timestamp(milliseconds: 3)),
    ]

    private func delivery(_ event: BusEvent) -> BusDelivery {
        BusDelivery(event: event, eventID: Sample.ids.next(BusEventID.self), origin: InstanceIdentity(instanceID: "A", boot: "b00t"))
    }

    private func text(_ event: BusEvent) -> String {
        String(decoding: codec.encode(delivery(event)), as: UTF8.self)
    }

    private func rejection(_ text: String, _ channel: BusChannel) -> BusRejection? {
        do throws(BusRejection) {
            _ = try codec.decode(Array(text.utf8), from: channel)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: chatEvents)
    func chatEventsComeBackAsTheyWere(event: ChatEvent) throws {
        for codec in [codec, BusEnvelopeCodec(secret: "shared")] {
            let sent = delivery(.chat(event))
            let received = try codec.decode(codec.encode(sent), from: .chatEvents)
            #expect(received.chat == event)
            #expect(received.eventID == sent.eventID && received.origin == sent.origin)
        }
        #expect(rejection(text(.chat(event)), .chatMessage) == .wrongChannel)
    }

    @Test(arguments: presenceEvents)
    func presenceEventsComeBackAsTheyWere(event: PresenceEvent) throws {
        for codec in [codec, BusEnvelopeCodec(secret: "shared")] {
            #expect(try codec.decode(codec.encode(delivery(.presence(event))), from: .presenceEvents).presence == event)
        }
        #expect(rejection(text(.presence(event)), .chatEvents) == .wrongChannel)
    }

    @Test func theMembersHaveTheNamesOfTheContract() {
        let typing = text(.chat(Self.chatEvents[4]))
        #expect(typing.hasPrefix(#"{"v":1,"type":"chat_events","originInstanceId":"A","originBoot":"b00t","id":""#))
        #expect(
            typing.hasSuffix(
                #","event":"typing","chatId":"\#(Self.direct)","data":{"userId":"\#(Self.two)","isTyping":true}}"#
            )
        )
        #expect(
            text(.chat(Self.chatEvents[6])).hasSuffix(
                #""event":"read","chatId":"\#(Self.direct)","data":{"userId":"\#(Self.one)","seq":1}}"#
            )
        )
        #expect(
            text(.chat(Self.chatEvents[8]))
                .hasSuffix(#""event":"membership","chatId":"ch:general","data":{"userId":"\#(Self.two)","isMember":true}}"#)
        )
        let updated = #""event":"message:updated","chatId":"\#(Self.direct)","data":{"message":{"messageId":""#
        #expect(text(.chat(Self.chatEvents[0])).contains(updated))
        #expect(text(.chat(Self.chatEvents[2])).contains(#""event":"reaction","chatId":"\#(Self.direct)","data":{"message":{"#))
        let presence = text(.presence(Self.presenceEvents[2]))
        #expect(presence.hasPrefix(#"{"v":1,"type":"presence_events","originInstanceId":"A""#))
        #expect(
            presence.hasSuffix(
                #""event":"user:offline","data":{"userId":"\#(Self.two)","username":"bob","status":"offline","#
                    + #""timestamp":"1970-01-01T00:00:00.003Z"}}"#
            )
        )
    }

    /// What is replaced in which event by what, and the reason of the rejection.
    struct Wrong: Sendable {
        let event: Int
        let part: String
        let wrong: String
        let reason: BusRejection

        init(_ event: Int, _ part: String, _ wrong: String, _ reason: BusRejection) {
            self.event = event
            self.part = part
            self.wrong = wrong
            self.reason = reason
        }
    }

    @Test(arguments: [
        Wrong(4, #""typing""#, #""yawning""#, .invalidField),
        Wrong(4, #""event":"typing","#, "", .badShape),
        Wrong(4, #""event":"typing""#, #""event":7"#, .badShape),
        Wrong(4, #""chatId":"dm:"#, #""chatId":"xx:"#, .invalidField),
        Wrong(4, #""chatId":"#, #""chat":"#, .badShape),
        Wrong(4, #""data":{"#, #""date":{"#, .badShape),
        Wrong(4, #""isTyping":true"#, #""isTyping":1"#, .badShape),
        Wrong(4, #","isTyping":true"#, "", .badShape),
        Wrong(4, #"{"userId":"\#(two)""#, #"{"userId":"\#(UserID(high: 9, low: 9))""#, .inconsistent),
        Wrong(4, #"{"userId":"\#(two)""#, #"{"userId":"two""#, .invalidField),
        Wrong(4, #"{"userId":"\#(two)""#, #"{"userId":null"#, .badShape),
        Wrong(6, #""seq":1"#, #""seq":0"#, .invalidField),
        Wrong(6, #""seq":1"#, #""seq":1.5"#, .badShape),
        Wrong(6, #""seq":1"#, #""seq":"1""#, .badShape),
        Wrong(6, #"{"userId":"\#(one)""#, #"{"userId":"\#(UserID(high: 9, low: 9))""#, .inconsistent),
        Wrong(8, "ch:general", "\(direct)", .inconsistent),
        Wrong(8, #""isMember":true"#, #""isMember":"yes""#, .badShape),
        Wrong(8, "ch:general", "ch:General", .invalidField),
        Wrong(0, #""chatId":"dm:"#, #""chatId":"ch:x","was":"dm:"#, .inconsistent),
        Wrong(0, #""rev":1"#, #""rev":0"#, .invalidField),
        Wrong(0, #""rev":1"#, #""rev":-1"#, .invalidField),
        Wrong(0, #","rev":1"#, "", .invalidField),
        Wrong(0, #""seq":5"#, #""seq":0"#, .invalidField),
        Wrong(0, #""content":"new \"text\"""#, #""content":"""#, .invalidField),
        Wrong(0, #""senderName":"alice""#, #""senderName":"""#, .invalidField),
        Wrong(0, #""editedAt":"2026"#, #""editedAt":"26"#, .invalidField),
        Wrong(0, #""editedAt":""#, #""editedAt":5,"x":""#, .badShape),
        Wrong(0, #""recipientId":"#, #""channelId":"ch:x","recipientId":"#, .inconsistent),
        Wrong(0, #""recipientId":"#, #""recipient":"#, .inconsistent),
        Wrong(0, #""senderId":"\#(one)""#, #""senderId":"\#(UserID(high: 9, low: 9))""#, .inconsistent),
        Wrong(0, #""clientMessageId":"c-5""#, #""clientMessageId":"ü""#, .invalidField),
        Wrong(1, #""content":"""#, #""content":"still here""#, .inconsistent),
        Wrong(2, #""👍":["#, #""👍👍":["#, .invalidField),
        Wrong(2, #""👍":["\#(two)""#, #""👍":["\#(one)""#, .invalidField),
        Wrong(2, #""🙂":["\#(one)"]"#, #""🙂":[]"#, .invalidField),
        Wrong(2, #""🙂":["\#(one)"]"#, #""🙂":["one"]"#, .invalidField),
        Wrong(2, #""🙂":["\#(one)"]"#, #""🙂":1"#, .badShape),
    ])
    func chatEventsThatAreRejected(wrong: Wrong) {
        let right = text(.chat(Self.chatEvents[wrong.event]))
        #expect(right.contains(wrong.part))
        #expect(rejection(right.replacing(wrong.part, with: wrong.wrong), .chatEvents) == wrong.reason)
    }

    @Test func moreReactionsThanAMessageHoldsAreRejected() {
        func reason(_ count: UInt64) -> BusRejection? {
            let users = (0..<count).map { UserID(high: 7, low: $0) }
            return rejection(text(.chat(.reaction(Self.changed("x", reactions: [Reaction(emoji: "🙂", userIDs: users)])))), .chatEvents)
        }
        #expect(reason(500) == nil)
        #expect(reason(501) == .invalidField)
    }

    @Test(arguments: [
        Wrong(0, #""user:online""#, #""user:bored""#, .invalidField),
        Wrong(0, #""user:online""#, #""user:offline""#, .inconsistent),
        Wrong(0, #""status":"online""#, #""status":"offline""#, .inconsistent),
        Wrong(0, #""status":"online""#, #""status":"asleep""#, .invalidField),
        Wrong(0, #""status":"online","#, "", .badShape),
        Wrong(0, #""username":"alice""#, #""username":"""#, .invalidField),
        Wrong(0, #""username":"alice""#, ##""username":"a\u0007""##, .invalidField),
        Wrong(0, #""username":"alice""#, #""username":null"#, .badShape),
        Wrong(0, #""timestamp":"1970"#, #""timestamp":"70"#, .invalidField),
        Wrong(0, #""timestamp":""#, #""timestamp":1,"x":""#, .badShape),
        Wrong(0, #""userId":"0"#, #""userId":"-"#, .invalidField),
        Wrong(0, #""data":{"#, #""data":[{"#, .invalidJSON),
        Wrong(2, #""status":"offline""#, #""status":"away""#, .inconsistent),
    ])
    func presenceEventsThatAreRejected(wrong: Wrong) {
        let right = text(.presence(Self.presenceEvents[wrong.event]))
        #expect(right.contains(wrong.part))
        #expect(rejection(right.replacing(wrong.part, with: wrong.wrong), .presenceEvents) == wrong.reason)
    }
}
