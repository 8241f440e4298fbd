package import Actors

extension MongoStore {
    package func updatedMessages(
        in conversations: [ConversationID],
        after position: ChangePosition,
        limit: Int
    ) async throws(StoreError) -> ChangePage<Message> {
        guard !conversations.isEmpty else { return .empty }
        let ids = Set(conversations).map { BSONValue.conversation($0) }
        return try await perform { try Self.changedMessages(in: ids, after: position, limit: limit, $0) }
    }

    package func updates(for user: UserID, after position: UpdatesPosition, limit: Int) async throws(StoreError) -> UpdatesPage {
        try await reads.updates.ask(SessionReads.UpdatesRequest(user: user, position: position, limit: max(1, limit)))
    }

    package func messages(after: [ConversationID: Int64], each: Int, limit: Int) async throws(StoreError) -> [Message] {
        guard !after.isEmpty, each > 0, limit > 0 else { return [] }
        return try await reads.messages.ask(SessionReads.MessagesRequest(after: after, each: each, limit: limit))
    }

    package func missed(
        by user: UserID,
        cursors: [ConversationID: Int64],
        since stamp: Stamp?
    ) async throws(StoreError) -> (conversations: [MissedConversation], watermark: Stamp) {
        let missed = try await reads.missed.ask(SessionReads.MissedRequest(user: user, cursors: cursors, stamp: stamp))
        return (missed.conversations, missed.watermark)
    }
}
