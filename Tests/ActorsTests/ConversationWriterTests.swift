import Actors
import TestSupport
import Testing

@Suite("Appends of one conversation go in groups", .timeLimit(.minutes(3)))
struct ConversationWriterTests {
    private let instance = Instance()
    private let sender = UserID(high: 1, low: 1)
    private var conversation: ConversationID { .direct(UserPair(sender, UserID(high: 1, low: 2))) }

    private func writer(limit: Int = 4_096) -> ConversationWriter {
        ConversationWriter(store: instance.store, delivery: instance.delivery, time: instance.time, limit: limit)
    }

    private func batch(_ ids: Int...) throws -> [MessageDraft] {
        try ids.map { id in
            MessageDraft(
                messageID: MessageID(high: 3, low: UInt64(id)),
                senderID: sender,
                senderName: "ada",
                content: "\(id)",
                clientMessageID: try #require(ClientMessageID("m\(id)")),
                createdAt: instance.time.now()
            )
        }
    }

    /// Two conversations can't hold each other up, and one that nobody writes to is forgotten.
    @Test func conversationsGoSideBySide() async throws {
        let writer = writer()
        await instance.store.hold()
        async let first = writer.append(try batch(1), to: conversation)
        async let second = writer.append(try batch(2), to: .direct(UserPair(sender, sender)))
        await instance.store.calls.wait { $0.count { $0 == .append } == 2 }
        #expect(writer.activeCount == 2)
        await instance.store.release()
        #expect(try await first.count + second.count == 2)
        await instance.bus.published.wait(count: 2)
    }

    @Test func publishesInTheOrderOfTheNumbers() async throws {
        let writer = writer()
        _ = try await writer.append(try batch(1, 2, 3), to: conversation)
        let published = await instance.bus.published.wait(count: 3)
        let seqs = published.compactMap { event -> Int64? in
            guard case .message(let message) = event else { return nil }
            return message.seq
        }
        #expect(seqs == [1, 2, 3])
    }

    @Test func neitherDeliversNorPublishesWhatWasKnown() async throws {
        let writer = writer()
        _ = try await writer.append(try batch(1), to: conversation)
        let outcomes = try await writer.append(try batch(1, 2), to: conversation)
        #expect(outcomes.count == 2)
        let published = await instance.bus.published.wait(count: 2)
        #expect(published.count == 2)
    }

    @Test func aFailureIsEveryonesAndTheNextGroupIsTried() async throws {
        let writer = writer()
        await instance.store.failNext(.append, StoreError(.unavailable, "gone"))
        let error = await #expect(throws: StoreError.self) { try await writer.append(try batch(1), to: conversation) }
        #expect(error?.code == .unavailable)
        #expect(try await writer.append(try batch(1), to: conversation).count == 1)
    }
}
