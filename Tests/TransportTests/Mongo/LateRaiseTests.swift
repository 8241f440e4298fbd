import Actors
import TestSupport
import Testing

@testable import Transport

@Suite("A message that its writer left behind comes as a new one when it is raised", .timeLimit(.minutes(2)))
struct LateRaiseTests {
    enum Way: String, CaseIterable, CustomTestStringConvertible {
        case repetition = "its sender repeats it"
        case append = "somebody else's message follows it"
        case history = "somebody reads past it"
        case pagingBack = "somebody pages back from far above it"
        case pagingBackFromNext = "somebody pages back from the number above it"
        case pageOfNothing = "somebody looks whether anything is there"

        var testDescription: String { rawValue }
    }

    private let fixture = Fixture()

    /// The stamp of its insert is long past by then: who came in between had that stamp and not the message.
    @Test(arguments: Way.allCases)
    func `who came in between is brought it`(way: Way) async throws {
        let uri = try await SharedMongoServer.common.uri()
        try await MongoStore.with(uri) { store in
            let (alice, bob) = (fixture.user(), fixture.user())
            let conversation = ConversationID.direct(UserPair(alice.userID, bob.userID))
            _ = try await store.stored(fixture.draft(from: bob), in: conversation)
            let draft = fixture.draft(from: bob)
            let left = draft.message(in: conversation, seq: 2)
            try await MongoBackdoor.with(uri) { try await $0.insert(left.document(stamp: Stamp(1)), into: "messages") }

            // Not there yet, for deliveries and for a SYNC alike.
            let moment = try await StoreMoment.now(store, fixture)
            #expect(try await store.lastSeq(in: conversation, at: .latest) == 1)
            #expect(try await store.lastSeq(in: conversation, at: moment.stamp) == 1)
            #expect(try await store.missed(by: alice.userID, cursors: [conversation: 1], since: moment.stamp).conversations.isEmpty)
            #expect(try await store.missed(by: alice.userID, cursors: [:], since: moment.stamp).conversations.isEmpty)

            // Another instance, which knows nothing of it.
            try await MongoStore.with(uri) { try await raise(draft, by: way, alice, $0) }
            let last: Int64 = way == .append ? 3 : 2
            #expect(try await store.lastSeq(in: conversation, at: .latest) == last)
            #expect(try await store.lastSeq(in: conversation, at: moment.stamp) == 1)
            let missed = MissedConversation(conversationID: conversation, after: 1, lastSeq: last)
            #expect(try await store.missed(by: alice.userID, cursors: [:], since: moment.stamp).conversations == [missed])
            let changed = try await moment.conversations(store).map(\.conversationID)
            #expect(changed == [conversation])
        }
    }

    private func raise(_ draft: MessageDraft, by way: Way, _ alice: User, _ store: MongoStore) async throws {
        let conversation = ConversationID.direct(UserPair(alice.userID, draft.senderID))
        let left = draft.message(in: conversation, seq: 2)
        switch way {
        case .repetition: #expect(try await store.append([draft], to: conversation) == [.duplicate(left)])
        case .append: #expect(try await store.stored(fixture.draft(from: alice), in: conversation).seq == 3)
        case .history: #expect(try await store.messages(in: conversation, before: nil, after: 1, limit: 5).messages == [left])
        case .pagingBack: #expect(try await store.messages(in: conversation, before: 9, after: nil, limit: 1).messages == [left])
        case .pagingBackFromNext: #expect(try await store.messages(in: conversation, before: 3, after: nil, limit: 1).messages == [left])
        case .pageOfNothing: #expect(try await store.messages(in: conversation, before: nil, after: 1, limit: 0).hasMore)
        }
    }
}
