import Actors
import TestSupport
import Testing

@Suite("A user's connections get each message once and in order, whatever order hints come in", .timeLimit(.minutes(3)))
struct UserActorTests {
    private let b = Instance("B")

    /// Messages that another instance on the same store has committed.
    private func stored(_ count: Int, from sender: LogIn, to recipient: LogIn, first: Int = 1) async throws -> [Message] {
        let drafts = try (first..<first + count).map { index in
            MessageDraft(
                messageID: MessageID(high: 7, low: UInt64(index)),
                senderID: sender.user.userID,
                senderName: sender.user.username,
                content: "\(index)",
                clientMessageID: try #require(ClientMessageID("m\(index)")),
                createdAt: b.time.now()
            )
        }
        let conversation = ConversationID.direct(UserPair(sender.user.userID, recipient.user.userID))
        return try await b.store.append(drafts, to: conversation).compactMap { outcome in
            guard case .stored(let message) = outcome else { return nil }
            return message
        }
    }

    @Test func aLostHintIsMadeUpForByTheNext() async throws {
        let ada = try await b.register("ada")
        let bob = try await b.register("bob")
        let connection = await b.connect(bob)
        let messages = try await stored(5, from: ada, to: bob)
        await b.delivery.deliverHere([messages[0]])
        await b.delivery.deliverHere([messages[4]])
        #expect(await connection.outbound.waitForMessages(5) == messages)
    }

    @Test func hintsInAnyOrderAndTwiceComeOnceAndInOrder() async throws {
        let ada = try await b.register("ada")
        let bob = try await b.register("bob")
        let connection = await b.connect(bob)
        let messages = try await stored(40, from: ada, to: bob)
        for message in (messages + messages).shuffled() { await b.delivery.deliverHere([message]) }
        _ = await connection.outbound.waitForMessages(40)
        await connection.executor.settle()
        #expect(connection.outbound.messages == messages)
    }

    @Test func aConversationBeginsWhereTheUserCame() async throws {
        let ada = try await b.register("ada")
        let bob = try await b.register("bob")
        _ = try await stored(10, from: ada, to: bob)
        let connection = await b.connect(bob)
        let later = try await stored(3, from: ada, to: bob, first: 11)
        await b.delivery.deliverHere([later[2]])
        #expect(await connection.outbound.waitForMessages(3) == later)
    }

    @Test func aFailedFillIsTriedAgain() async throws {
        let ada = try await b.register("ada")
        let bob = try await b.register("bob")
        let connection = await b.connect(bob)
        let messages = try await stored(3, from: ada, to: bob)
        await b.store.failNext(.messages, StoreError(.unavailable, "gone"))
        await b.delivery.deliverHere([messages[0]])
        await b.delivery.deliverHere([messages[2]])
        await b.time.waitForSleepers(1)
        b.time.advance(by: .seconds(3))
        #expect(await connection.outbound.waitForMessages(3) == messages)
    }

    @Test func aSessionThatSentIsNotToldWhenItsMessageComesOutOfTurn() async throws {
        let ada = try await b.register("ada")
        let bob = try await b.register("bob")
        let sender = await b.connect(bob)
        let second = await b.connect(bob)
        // Another instance's message, whose hint is lost.
        let missed = try await stored(1, from: ada, to: bob)
        try await sender.send("mine", to: ada.user.userID, id: "mine")
        let own = try #require(await sender.acks(1).first)
        #expect(own.seq == 2)
        #expect(await second.outbound.waitForMessages(2) == missed + [own])
        #expect(await sender.outbound.waitForMessages(1) == missed)
    }

    /// A message whose answer was lost is the sender's to see like everybody's: nothing has told it that it is stored.
    @Test func aSenderWithoutAnAckGetsItsMessageFromTheStore() async throws {
        let ada = try await b.register("ada")
        let bob = try await b.register("bob")
        let sender = await b.connect(bob)
        await b.store.loseNextAppendAnswer(StoreError(.timeout, "lost"))
        try await sender.send("mine", to: ada.user.userID, id: "mine")
        #expect(await sender.errors(1).first?.code == .storeUnavailable)
        let later = try await stored(1, from: ada, to: bob)
        await b.delivery.deliverHere([later[0]])
        #expect(await sender.outbound.waitForMessages(2).map(\.content) == ["mine", "1"])
    }

    /// The hint of a later message makes the user actor read the sender's own message before its local delivery comes.
    @Test func aFillThatOvertakesLocalDeliveryDoesNotEchoToTheSender() async throws {
        let ada = try await b.register("ada")
        let bob = try await b.register("bob")
        let sender = await b.connect(bob)
        let user = try #require(await b.registry.user(bob.user.userID))
        try await sender.send("mine", to: ada.user.userID, id: "mine")
        let own = try #require(await sender.acks(1).first)
        let event = SharedEvent(.messageReceived(own, showsClientMessageID: true, isReplayed: false))
        await sender.session.deliver(event)
        let later = try await stored(1, from: ada, to: bob)
        await user.deliver([later[0]])
        #expect(await sender.outbound.waitForMessages(1) == later)
    }

    /// The message was had on an earlier connection; another one comes at the same time.
    @Test func aChangeThatCameBeforeTheWelcomeIsTold() async throws {
        let ada = try await b.register("ada")
        let bob = try await b.register("bob")
        let had = try await stored(1, from: ada, to: bob)
        await b.store.hold(.sessionRecord)
        let connection = await b.open(bob.principal)
        await b.store.calls.wait { $0.contains(.sessionRecord) }
        let edited = try await b.edit(had)
        let new = try await stored(1, from: ada, to: bob, first: 2)
        for message in edited { try await b.delivery.tellHere(.updated(message)) }
        await b.delivery.deliverHere(new)
        await b.store.release(.sessionRecord)
        #expect(await connection.outbound.waitForMessages(1) == new)
        await connection.executor.settle()
        #expect(connection.outbound.updates == edited)
    }

    @Test func nothingGoesOnForAUserWhoHasLeft() async throws {
        let ada = try await b.register("ada")
        let bob = try await b.register("bob")
        let connection = await b.connect(bob)
        let messages = try await stored(3, from: ada, to: bob)
        await b.store.failAll(StoreError(.unavailable, "gone"))
        await b.delivery.deliverHere([messages[2]])
        await b.time.waitForSleepers(1)
        await connection.session.connectionClosed()
        await b.registry.waitUntilEmpty()
        #expect(b.time.sleeping == 0)
    }
}
