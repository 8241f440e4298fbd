package import Actors

extension SQLiteStore {
    package func edit(
        _ id: MessageID,
        in conversation: ConversationID,
        by author: UserID,
        content: String,
        at now: Timestamp
    ) async throws(StoreError) -> ChangeOutcome { throw StoreError(.other, "not built") }

    package func delete(
        _ id: MessageID,
        in conversation: ConversationID,
        by author: UserID,
        at now: Timestamp
    ) async throws(StoreError) -> ChangeOutcome { throw StoreError(.other, "not built") }

    package func react(
        _ id: MessageID,
        in conversation: ConversationID,
        by user: UserID,
        emoji: String,
        adds: Bool
    ) async throws(StoreError) -> ChangeOutcome { throw StoreError(.other, "not built") }

    package func markRead(_ conversation: ConversationID, by user: UserID, upTo seq: Int64) async throws(StoreError) -> ReadOutcome {
        throw StoreError(.other, "not built")
    }

    package func contacts(of user: UserID, limit: Int) async throws(StoreError) -> [UserID] { throw StoreError(.other, "not built") }

    package func createChannel(_ channel: ChatChannel) async throws(StoreError) { throw StoreError(.other, "not built") }

    package func channel(_ name: ChannelName) async throws(StoreError) -> ChannelSummary? { throw StoreError(.other, "not built") }

    package func channels(after: ChannelName?, limit: Int) async throws(StoreError) -> [ChannelSummary] {
        throw StoreError(.other, "not built")
    }

    package func join(_ name: ChannelName, user: UserID, limit: Int) async throws(StoreError) -> JoinOutcome {
        throw StoreError(.other, "not built")
    }

    package func leave(_ name: ChannelName, user: UserID) async throws(StoreError) -> LeaveOutcome { throw StoreError(.other, "not built") }

    package func isMember(_ user: UserID, of name: ChannelName) async throws(StoreError) -> Bool { throw StoreError(.other, "not built") }

    package func channels(of user: UserID) async throws(StoreError) -> [ChannelName] { throw StoreError(.other, "not built") }

    package func members(of name: ChannelName, after: UserID?, limit: Int) async throws(StoreError) -> [UserID] {
        throw StoreError(.other, "not built")
    }

    package func watermark() async throws(StoreError) -> Stamp { throw StoreError(.other, "not built") }

    package func changedConversations(after position: ChangePosition, limit: Int) async throws(StoreError) -> ChangePage<ConversationChange>
    { throw StoreError(.other, "not built") }

    package func changedMemberships(after position: ChangePosition, limit: Int) async throws(StoreError) -> ChangePage<MembershipChange> {
        throw StoreError(.other, "not built")
    }

    package func kickedUsers(after position: ChangePosition, limit: Int) async throws(StoreError) -> ChangePage<UserKickChange> {
        throw StoreError(.other, "not built")
    }

    package func kickedSessions(after position: ChangePosition, limit: Int) async throws(StoreError) -> ChangePage<SessionKickChange> {
        throw StoreError(.other, "not built")
    }

    package func updatedMessages(in conversations: [ConversationID], after stamp: Stamp, limit: Int) async throws(StoreError) -> [Message] {
        throw StoreError(.other, "not built")
    }

    package func messages(after: [ConversationID: Int64], each: Int, limit: Int) async throws(StoreError) -> [Message] {
        throw StoreError(.other, "not built")
    }

    package func missed(
        by user: UserID,
        cursors: [ConversationID: Int64],
        since stamp: Stamp?
    ) async throws(StoreError) -> (conversations: [MissedConversation], watermark: Stamp) { throw StoreError(.other, "not built") }

    package func updates(
        for user: UserID,
        since stamp: Stamp,
        limit: Int
    ) async throws(StoreError) -> (messages: [Message], reads: [ReadCursor]) { throw StoreError(.other, "not built") }
}
