import Actors
import TestSupport
import Testing

/// Tells what came before from what comes after, by the store's own stamps: on a server that counts seconds it takes up to one.
struct StoreMoment {
    /// The stamp of all that was done before is not above it, that of all that is done from now on is.
    let stamp: Stamp
    /// Conversations that the moment itself was made with.
    private let own: ConversationID

    static func now(_ store: any Store, _ fixture: Fixture) async throws -> StoreMoment {
        let user = fixture.user()
        let own = ConversationID.direct(UserPair(user.userID, user.userID))
        func touched() async throws -> Stamp {
            _ = try await store.append([fixture.draft(from: user)], to: own)
            let changes = try await store.allChangedConversations(after: Stamp(0))
            return try #require(changes.first { $0.conversationID == own }?.stamp)
        }
        let first = try await touched()
        var next = try await touched()
        while next == first {
            try await Task.sleep(for: .milliseconds(20))
            next = try await touched()
        }
        return StoreMoment(stamp: Stamp(next.value - 1), own: own)
    }

    var position: ChangePosition { ChangePosition(stamp: stamp) }

    func conversations(_ store: any Store) async throws -> [ConversationChange] {
        try await store.allChangedConversations(after: stamp).filter { $0.conversationID != own }
    }

    func memberships(_ store: any Store) async throws -> [MembershipChange] {
        try await store.allPages(after: stamp) { try await store.changedMemberships(after: $0, limit: 2) }
            .filter { $0.conversationID != own }
    }
}

extension Store {
    func allChangedConversations(after stamp: Stamp) async throws -> [ConversationChange] {
        try await allPages(after: stamp) { try await changedConversations(after: $0, limit: 2) }
    }

    /// What all pages hold, until the last one.
    func allPages<Change>(after stamp: Stamp, _ page: (ChangePosition) async throws -> ChangePage<Change>) async throws -> [Change] {
        var position: ChangePosition? = ChangePosition(stamp: stamp)
        var found: [Change] = []
        while let next = position {
            let page = try await page(next)
            found += page.changes
            position = page.next
        }
        return found
    }

    /// What all pages of a user's updates hold.
    func allUpdates(for user: UserID, limit: Int) async throws -> (messages: [Message], reads: [ReadCursor]) {
        var position: UpdatesPosition? = UpdatesPosition(after: Stamp(0))
        var found: (messages: [Message], reads: [ReadCursor]) = ([], [])
        while let next = position {
            let page = try await updates(for: user, after: next, limit: limit)
            found.messages += page.messages.changes
            found.reads += page.reads.changes
            position = page.next
        }
        return found
    }

    /// Stores a message and gives it back.
    func stored(_ draft: MessageDraft, in conversation: ConversationID) async throws -> Message {
        let outcome = try await append([draft], to: conversation).first
        guard case .stored(let message)? = outcome else { throw StoreError(.other, "not stored: \(String(describing: outcome))") }
        return message
    }

    func newest(in conversation: ConversationID) async throws -> Message? {
        try await messages(in: conversation, before: nil, after: nil, limit: 1).messages.first
    }
}

extension ChangePosition {
    static var beginning: ChangePosition { ChangePosition(stamp: Stamp(0)) }
}

extension ChangeOutcome {
    /// The message where it was changed.
    var changed: Message? {
        if case .changed(let message) = self { message } else { nil }
    }
}
