import Actors
import TestSupport
import Testing

@Suite("Edits, deletions, reactions, reading and typing reach those whom they concern", .timeLimit(.minutes(3)))
struct ConversationTests {
    private let instance = Instance()

    private struct Talk {
        let ada: Connection
        let bob: Connection
        let message: Message
        let adaID: UserID
        let bobID: UserID
        var conversation: ConversationID { message.conversationID }
    }

    private func talk() async throws -> Talk {
        let (ada, bob) = (try await instance.register("ada"), try await instance.register("bob"))
        let talk = (await instance.connect(ada), await instance.connect(bob))
        try await talk.0.send("hello", to: bob.user.userID, id: "m1")
        let message = try #require(await talk.0.acks(1).first)
        await talk.1.outbound.waitForMessages(1)
        return Talk(ada: talk.0, bob: talk.1, message: message, adaID: ada.user.userID, bobID: bob.user.userID)
    }

    @Test func anEditReachesBoth() async throws {
        let talk = try await talk()
        await talk.ada.perform(.edit(talk.message.messageID, in: talk.conversation, content: "hello!"))
        let update = try #require(await talk.bob.updates(1).first)
        #expect(update.content == "hello!")
        #expect(update.rev == 1)
        #expect(update.editedAt != nil)
        #expect(await talk.ada.updates(1) == [update])
    }

    @Test func aDeletionEmptiesTheMessage() async throws {
        let talk = try await talk()
        await talk.ada.perform(.delete(talk.message.messageID, in: talk.conversation))
        let update = try #require(await talk.bob.updates(1).first)
        #expect(update.content.isEmpty)
        #expect(update.deletedAt != nil)
    }

    @Test func aReactionComesAndGoes() async throws {
        let talk = try await talk()
        await talk.bob.perform(.react(talk.message.messageID, in: talk.conversation, emoji: "👍", adds: true))
        #expect(await talk.ada.updates(1).last?.reactions.list == [Reaction(emoji: "👍", userIDs: [talk.bobID])])
        await talk.bob.perform(.react(talk.message.messageID, in: talk.conversation, emoji: "👍", adds: false))
        #expect(await talk.ada.updates(2).last?.reactions.list == [])
    }

    @Test func onlyTheAuthorChangesAMessage() async throws {
        let talk = try await talk()
        await talk.bob.receive(.success(.conversation(.edit(talk.message.messageID, in: talk.conversation, content: "x"))))
        await talk.bob.receive(.success(.conversation(.delete(talk.message.messageID, in: talk.conversation))))
        #expect(await talk.bob.errors(2).map(\.code) == [.forbidden, .forbidden])
    }

    @Test func aConversationOfOthersIsForbidden() async throws {
        let talk = try await talk()
        let carol = await instance.connect(try await instance.register("carol"))
        await carol.receive(.success(.conversation(.react(talk.message.messageID, in: talk.conversation, emoji: "👍", adds: true))))
        await carol.receive(.success(.conversation(.read(talk.conversation, upTo: 1))))
        await carol.receive(.success(.typing(talk.conversation, isTyping: true)))
        #expect(await carol.errors(3).map(\.code) == [.forbidden, .forbidden, .forbidden])
        await talk.bob.executor.settle()
        #expect(talk.bob.outbound.events.count == 2)
    }

    @Test func anUpdateThatComesTwiceOrLateIsToldOnce() async throws {
        let talk = try await talk()
        await talk.ada.perform(.edit(talk.message.messageID, in: talk.conversation, content: "1"))
        await talk.ada.perform(.edit(talk.message.messageID, in: talk.conversation, content: "2"))
        let updates = await talk.bob.updates(2)
        for update in updates { try await instance.delivery.tellHere(.updated(update)) }
        await talk.bob.executor.settle()
        #expect(await talk.bob.updates(2).map(\.content) == ["1", "2"])
    }

    /// An edit may be heard of before the message, which then comes as it is now.
    @Test func anUpdateOfAMessageThatHasNotComeBringsIt() async throws {
        let talk = try await talk()
        let other = Instance("B", store: instance.store, time: instance.time)
        try await other.environment.conversations.edit(
            talk.message.messageID,
            in: talk.conversation,
            content: "edited",
            by: talk.adaID
        )
        let bobOnB = await other.connect(try await other.accounts.logIn(username: "bob", password: "correct horse", peer: .unknown))
        try await talk.ada.send("second", to: talk.bobID, id: "m2")
        let second = await talk.ada.acks(2)[1]
        try await instance.environment.conversations.edit(second.messageID, in: talk.conversation, content: "second!", by: talk.adaID)
        let edited = try #require(await talk.bob.updates(1).last)
        try await other.delivery.tellHere(.updated(edited))
        #expect(await bobOnB.outbound.waitForMessages(1).map(\.content) == ["second!"])
        await other.delivery.deliverHere([second])
        await bobOnB.executor.settle()
        #expect(bobOnB.outbound.messages.count == 1)
    }

    @Test func readingIsToldOnceAndNeverGoesBack() async throws {
        let talk = try await talk()
        await talk.bob.perform(.read(talk.conversation, upTo: 1))
        await talk.bob.perform(.read(talk.conversation, upTo: 1))
        await talk.ada.outbound.outputs.wait { $0.contains { $0.receipt != nil } }
        await talk.ada.executor.settle()
        let receipts = talk.ada.outbound.outputs.elements.compactMap(\.receipt)
        #expect(receipts == [ReadCursor(conversationID: talk.conversation, userID: talk.bobID, seq: 1)])
        await talk.bob.receive(.success(.conversation(.read(talk.conversation, upTo: 2))))
        #expect(await talk.bob.errors(1).first?.code == .badRequest)
    }

    @Test func typingIsToldAndExpires() async throws {
        let talk = try await talk()
        await talk.ada.receive(.success(.typing(talk.conversation, isTyping: true)))
        await talk.ada.receive(.success(.typing(talk.conversation, isTyping: true)))
        #expect(await talk.bob.typing(1) == [true])
        await instance.time.waitForSleepers(1)
        instance.time.advance(by: .seconds(6))
        #expect(await talk.bob.typing(2) == [true, false])
        #expect(talk.ada.outbound.outputs.elements.allSatisfy { $0.isTyping == nil })
        #expect(instance.store.calls.elements.count { $0 == .append } == 1)
    }
}

extension RecordingOutbound.Output {
    fileprivate var update: Message? {
        guard case .messageUpdated(let message, _) = event else { return nil }
        return message
    }

    fileprivate var receipt: ReadCursor? {
        guard case .readReceipt(let cursor) = event else { return nil }
        return cursor
    }

    fileprivate var isTyping: Bool? {
        guard case .typing(_, _, let isTyping) = event else { return nil }
        return isTyping
    }
}

extension Connection {
    /// The updates that were written, as soon as there are `count`.
    fileprivate func updates(_ count: Int) async -> [Message] {
        let outputs = await outbound.outputs.wait { outputs in outputs.count { $0.update != nil } >= count }
        return outputs.compactMap(\.update)
    }

    fileprivate func typing(_ count: Int) async -> [Bool] {
        let outputs = await outbound.outputs.wait { outputs in outputs.count { $0.isTyping != nil } >= count }
        return outputs.compactMap(\.isTyping)
    }
}
