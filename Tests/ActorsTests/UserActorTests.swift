import Actors
import TestSupport
import Testing

@Suite("A user's connections get each message once and in order, whatever order hints come in")
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
        await b.delivery.deliverHere(messages[0], origin: nil)
        await b.delivery.deliverHere(messages[4], origin: nil)
        #expect(await connection.outbound.waitForMessages(5) == messages)
    }

    @Test func hintsInAnyOrderAndTwiceComeOnceAndInOrder() async throws {
        let ada = try await b.register("ada")
        let bob = try await b.register("bob")
        let connection = await b.connect(bob)
        let messages = try await stored(40, from: ada, to: bob)
        for message in (messages + messages).shuffled() { await b.delivery.deliverHere(message, origin: nil) }
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
        await b.delivery.deliverHere(later[2], origin: nil)
        #expect(await connection.outbound.waitForMessages(3) == later)
    }

    @Test func aFailedFillIsTriedAgain() async throws {
        let ada = try await b.register("ada")
        let bob = try await b.register("bob")
        let connection = await b.connect(bob)
        let messages = try await stored(3, from: ada, to: bob)
        await b.store.failNext(.messages, StoreError(.unavailable, "gone"))
        await b.delivery.deliverHere(messages[0], origin: nil)
        await b.delivery.deliverHere(messages[2], origin: nil)
        await b.time.waitForSleepers(1)
        b.time.advance(by: .seconds(5))
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

    @Test func nothingGoesOnForAUserWhoHasLeft() async throws {
        let ada = try await b.register("ada")
        let bob = try await b.register("bob")
        let connection = await b.connect(bob)
        let messages = try await stored(3, from: ada, to: bob)
        await b.store.failAll(StoreError(.unavailable, "gone"))
        await b.delivery.deliverHere(messages[2], origin: nil)
        await b.time.waitForSleepers(1)
        await connection.session.connectionClosed()
        await b.registry.waitUntilEmpty()
        #expect(b.time.sleeping == 0)
    }
}
