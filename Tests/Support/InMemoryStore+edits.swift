package import Actors

extension InMemoryStore {
    package func edit(
        _ id: MessageID,
        in conversation: ConversationID,
        by author: UserID,
        content: String,
        at now: Timestamp
    ) async throws(StoreError) -> ChangeOutcome {
        try await enter(.edit)
        return conversations.change(id, in: conversation, by: author, .edit(content: content, at: now)) { nextStamp() }
    }

    package func delete(
        _ id: MessageID,
        in conversation: ConversationID,
        by author: UserID,
        at now: Timestamp
    ) async throws(StoreError) -> ChangeOutcome {
        try await enter(.delete)
        return conversations.change(id, in: conversation, by: author, .delete(at: now)) { nextStamp() }
    }

    package func react(
        _ id: MessageID,
        in conversation: ConversationID,
        by user: UserID,
        emoji: String,
        adds: Bool
    ) async throws(StoreError) -> ChangeOutcome {
        try await enter(.react)
        return conversations.change(id, in: conversation, by: user, .react(emoji: emoji, adds: adds)) { nextStamp() }
    }

    package func markRead(_ conversation: ConversationID, by user: UserID, upTo seq: Int64) async throws(StoreError) -> ReadOutcome {
        try await enter(.markRead)
        return conversations.markRead(conversation, by: user, upTo: seq) { nextStamp() }
    }

    package func contacts(of user: UserID, limit: Int) async throws(StoreError) -> [UserID] {
        try await enter(.contacts)
        return conversations.contacts(of: user, limit: limit)
    }
}
