package import Actors

extension InMemoryStore {
    package func watermark() async throws(StoreError) -> Stamp {
        try await enter(.watermark)
        return stampBelowOverlap
    }

    package func changedConversations(
        after position: ChangePosition,
        limit: Int
    ) async throws(StoreError) -> ChangePage<ConversationChange> {
        try await enter(.changedConversations)
        return ChangePage(conversations.conversationChanges, after: position, limit: min(limit, changePageLimit))
    }

    package func changedMemberships(after position: ChangePosition, limit: Int) async throws(StoreError) -> ChangePage<MembershipChange> {
        try await enter(.changedMemberships)
        return ChangePage(conversations.membershipChanges, after: position, limit: limit)
    }

    package func kickedUsers(after position: ChangePosition, limit: Int) async throws(StoreError) -> ChangePage<UserKickChange> {
        try await enter(.kickedUsers)
        return ChangePage(accounts.userKicks, after: position, limit: limit)
    }

    package func kickedSessions(after position: ChangePosition, limit: Int) async throws(StoreError) -> ChangePage<SessionKickChange> {
        try await enter(.kickedSessions)
        return ChangePage(accounts.sessionKicks, after: position, limit: limit)
    }

    package func updatedMessages(
        in ids: [ConversationID],
        after position: ChangePosition,
        limit: Int
    ) async throws(StoreError) -> ChangePage<Message> {
        try await enter(.updatedMessages)
        return conversations.updatedMessages(in: ids, after: position, limit: limit)
    }

    package func updates(for user: UserID, after position: UpdatesPosition, limit: Int) async throws(StoreError) -> UpdatesPage {
        try await enter(.updates)
        return conversations.updates(for: user, after: position, limit: limit)
    }

    package func messages(after: [ConversationID: Int64], each: Int, limit: Int) async throws(StoreError) -> [Message] {
        try await enter(.messagesAfter)
        return conversations.messages(after: after, each: each, limit: limit)
    }

    package func missed(
        by user: UserID,
        cursors: [ConversationID: Int64],
        since stamp: Stamp?
    ) async throws(StoreError) -> (conversations: [MissedConversation], watermark: Stamp) {
        try await enter(.missed)
        return (conversations.missed(by: user, cursors: cursors, since: stamp), latestStamp)
    }

    /// As `missed`, where conversations are there up to `raisedSeqs` only.
    package func missed(
        by user: UserID,
        cursors: [ConversationID: Int64],
        since stamp: Stamp?,
        raisedTo raisedSeqs: [ConversationID: Int64]
    ) async throws(StoreError) -> (conversations: [MissedConversation], watermark: Stamp) {
        try await enter(.missed)
        return (conversations.missed(by: user, cursors: cursors, since: stamp, raisedTo: raisedSeqs), latestStamp)
    }
}
