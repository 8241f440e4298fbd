import Actors
import FoundationEssentials
import NIOCore
import TestSupport
import Testing
import Transport

@Suite("What this instance tells the clients of other Socket.IO instances")
struct AdapterEventsTests {
    private func broadcasts(_ event: BusEvent) -> [AdapterBroadcast] {
        event.emissions.compactMap { if case .broadcast(let broadcast) = $0 { broadcast } else { nil } }
    }

    @Test func theOtherInstancesHearOfTheTraceToo() throws {
        // Nobody is there, and nothing connects.
        let fixture = try AdapterFixture("redis://127.0.0.1:1", .classic, instance: "A")
        let trace = try #require(TraceParent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"))
        let event = BusEvent.message(try Sample.channelMessage)
        fixture.bus.publish(event, trace: trace)
        fixture.bus.publish(event)
        #expect(fixture.inner.published.elements.count == 2)
        #expect(fixture.inner.traces.elements == [trace, nil])
    }

    @Test func aMessageInAChannelGoesToItsRoom() throws {
        let message = try Sample.channelMessage
        let broadcast = try #require(broadcasts(.message(message)).first)
        #expect(broadcast.target == AdapterTarget(rooms: ["ch:general"]))
        #expect(broadcast.data.first == "receive_message")
        #expect(broadcast.data[1]["channelId"] == "ch:general")
        #expect(broadcast.data[1]["recipientId"] == nil)
    }

    @Test func aDirectMessageGoesToBothPeople() throws {
        let message = Sample.message()
        let broadcast = try #require(broadcasts(.message(message)).first)
        let recipient = try #require(message.recipientID)
        #expect(Set(broadcast.target.rooms) == ["\(message.senderID)", "\(recipient)"])
        #expect(broadcast.data[1]["recipientId"] == .text("\(recipient)"))
        let alone = Sample.message(in: .direct(UserPair(recipient, recipient)), from: recipient)
        #expect(broadcasts(.message(alone)).first?.target.rooms == ["\(recipient)"])
    }

    /// The fields are those that this instance's own clients get.
    @Test func aMessageHasTheFieldsOfTheProtocol() throws {
        let plain = Sample.message(content: "quote \" and ünïcode")
        let reader = Sample.ids.next(UserID.self)
        let changed = Message(
            messageID: plain.messageID,
            conversationID: plain.conversationID,
            seq: 7,
            senderID: plain.senderID,
            senderName: "alice",
            content: "",
            clientMessageID: plain.clientMessageID,
            createdAt: plain.createdAt,
            editedAt: Timestamp(milliseconds: 1_767_873_600_500),
            deletedAt: Timestamp(milliseconds: 1_767_873_600_900),
            reactions: Reactions([Reaction(emoji: "👍", userIDs: [reader])]),
            rev: 3
        )
        for message in [plain, changed] {
            var frame = ByteBuffer()
            EventEncoder.encode(.messageUpdated(message, showsClientMessageID: false), into: &frame)
            let expected = try #require(MessagePackValue(json: Array(frame.readableBytesView))?["message"])
            #expect(broadcasts(.chat(.updated(message))).first?.data == ["message_updated", expected])
            #expect(broadcasts(.chat(.reaction(message))).first?.data == ["message_updated", expected])
            #expect(broadcasts(.message(message)).first?.data == ["receive_message", expected])
        }
    }

    @Test func whoTypesIsNotToldSo() throws {
        let message = Sample.message()
        let typing = try #require(broadcasts(.chat(.typing(message.conversationID, message.senderID, isTyping: true))).first)
        #expect(typing.target.except == ["\(message.senderID)"])
        #expect(typing.isVolatile)
        #expect(
            typing.data == [
                "typing",
                ["conversationId": .text("\(message.conversationID)"), "userId": .text("\(message.senderID)"), "isTyping": true],
            ]
        )
    }

    @Test func receiptsAndPresenceAreTold() throws {
        let message = Sample.message()
        let cursor = ReadCursor(conversationID: message.conversationID, userID: message.senderID, seq: 4)
        let receipt = try #require(broadcasts(.chat(.read(cursor))).first)
        #expect(receipt.data.first == "read_receipt")
        #expect(receipt.data[1]["seq"] == 4)
        let event = PresenceEvent(
            kind: .offline,
            userID: message.senderID,
            username: "alice",
            status: .offline,
            timestamp: Timestamp(milliseconds: 1_767_873_600_000)
        )
        let presence = try #require(broadcasts(.presence(event)).first)
        #expect(presence.target == AdapterTarget())
        #expect(
            presence.data == [
                "user:offline",
                [
                    "userId": .text("\(message.senderID)"), "username": "alice", "status": "offline",
                    "timestamp": "2026-01-08T12:00:00.000Z",
                ],
            ]
        )
    }

    @Test func aBanEndsTheUsersClientsEverywhere() throws {
        let user = Sample.ids.next(UserID.self)
        let target = AdapterTarget(rooms: ["\(user)"])
        let emissions = BusEvent.kick(.ban(user, authEpoch: 2)).emissions
        #expect(emissions.last == .order(.disconnect(target, closesTransport: false)))
        #expect(broadcasts(.kick(.ban(user, authEpoch: 2))).first?.data[1]["code"] == "ACCOUNT_SUSPENDED")
    }

    @Test func whatOthersHaveNoWordForIsKnownBeforehand() throws {
        let user = Sample.ids.next(UserID.self)
        let name = try #require(ChannelName("general"))
        let message = try Sample.channelMessage
        let untold: [BusEvent] = [
            .kick(.revokeOne(user, Sample.ids.next(SessionID.self))), .chat(.membership(name, user, isMember: true)),
        ]
        let told: [BusEvent] = [
            .message(message), .chat(.updated(message)), .chat(.reaction(message)), .kick(.revokeAll(user, authEpoch: 1)),
            .chat(.typing(message.conversationID, user, isTyping: false)),
        ]
        for event in untold { #expect(event.emissions.isEmpty && !event.hasEmissions) }
        for event in told { #expect(!event.emissions.isEmpty && event.hasEmissions) }
    }
}
