/// The truth: accounts, sessions, conversations and messages.
///
/// Several instances share one store. Every answer is of committed data.
package protocol Store: AccountStore, MessageStore, ChannelStore, ChangeStore, AuditStore, ActivityStore {
    /// Asks the store for a sign of life.
    func ping() async throws(StoreError)

    /// Writes a value, reads it back and removes it: what `switchboard check` calls working.
    func selfTest() async throws(StoreError)
}

/// Users and their sessions.
package protocol AccountStore: Sendable {
    /// Stores a new account. Throws `.duplicateKey` where the name is taken, in whatever case.
    func createUser(_ user: User, passwordHash: String) async throws(StoreError)

    func credentials(username: Username) async throws(StoreError) -> Credentials?

    func user(_ id: UserID) async throws(StoreError) -> User?

    /// Users by prefix of their name, without regard to case, in the order of the folded names.
    ///
    /// - Parameters:
    ///   - prefix: the beginning of the name; empty for all. Every character stands for itself.
    ///   - after: the user name, exclusive, at which the page begins.
    ///   - limit: the most that is returned.
    func users(prefix: String, after: String?, limit: Int) async throws(StoreError) -> [User]

    /// Sets or removes the avatar; nil where there is no such user.
    func setAvatar(_ avatar: String?, of id: UserID) async throws(StoreError) -> User?

    /// Suspends the account or lifts the suspension. A suspension raises `authEpoch` and the kick stamp in the same write,
    /// also where the account was suspended already; lifting changes neither.
    ///
    /// - Returns: the user as it is then; nil where there is none.
    func setSuspended(_ isSuspended: Bool, user id: UserID) async throws(StoreError) -> User?

    /// Raises `authEpoch` and the kick stamp in one write, which ends every session of the user.
    ///
    /// - Returns: the user as it is then, and how many sessions were valid before; nil where there is no such user.
    func revokeSessions(of id: UserID, at now: Timestamp) async throws(StoreError) -> (user: User, revoked: Int)?

    func createSession(_ session: Session) async throws(StoreError)

    /// The session with its user as they are now; nil where either doesn't exist or they don't belong together.
    func sessionRecord(_ id: SessionID, of user: UserID) async throws(StoreError) -> SessionRecord?

    /// The user's sessions that are valid at `now`, newest first.
    func sessions(of user: UserID, validAt now: Timestamp) async throws(StoreError) -> [Session]

    /// How many sessions of each user are valid at `now`; users without one may be missing.
    func sessionCounts(of users: [UserID], validAt now: Timestamp) async throws(StoreError) -> [UserID: Int]

    /// Ends one session, raising its kick stamp in the same write.
    ///
    /// - Returns: false where the user has no such session. True also where it was ended before.
    func revokeSession(_ id: SessionID, of user: UserID) async throws(StoreError) -> Bool

    /// Notes that the session was used. Never raises a stamp.
    func touchSession(_ id: SessionID, of user: UserID, at now: Timestamp) async throws(StoreError)
}

/// Conversations and their messages.
package protocol MessageStore: Sendable {
    /// Gives each draft the conversation's next sequence number and commits all of them; durable when it returns.
    ///
    /// Drafts whose `clientMessageId` their sender has used before are not stored again. The sender's read cursor follows
    /// its own messages. The conversation is made by its first message.
    ///
    /// Begins where its caller runs, which must not be held up: a change of executors there and back is much beside a lone message.
    ///
    /// - Parameters:
    ///   - drafts: in the order in which they are to be numbered; a batch may hold one `clientMessageId` twice.
    ///   - conversation: where all of them go.
    /// - Returns: an outcome a draft, in the same order.
    /// - Throws: `StoreError`; then it is not known what was stored, and the same drafts may be given again.
    nonisolated(nonsending) func append(
        _ drafts: [MessageDraft],
        to conversation: ConversationID
    ) async throws(StoreError) -> [AppendOutcome]

    /// Part of the history, ascending: the `limit` messages directly below `before`, or directly above `after`; with neither, the newest.
    func messages(in conversation: ConversationID, before: Int64?, after: Int64?, limit: Int) async throws(StoreError) -> MessagePage

    /// The highest number of a message that was stored at or before `stamp`; 0 where there is none. Deliveries begin above it, so it is
    /// never above what `missed` would say: a message that its conversation doesn't show yet comes as one that is new.
    func lastSeq(in conversation: ConversationID, at stamp: Stamp) async throws(StoreError) -> Int64

    /// The conversations of a user, the one with the newest message first: direct ones, and the channels that the user is in.
    ///
    /// - Parameter position: where the page before ended; nil for the beginning.
    func conversations(of user: UserID, after position: ConversationPosition?, limit: Int) async throws(StoreError) -> ConversationPage

    /// Gives a message of `author` new content. In the same write its `rev` and change stamp and the conversation's stamp are raised;
    /// the first change keeps a digest of the original content, by which `append` still knows a repeated send.
    func edit(
        _ id: MessageID,
        in conversation: ConversationID,
        by author: UserID,
        content: String,
        at now: Timestamp
    ) async throws(StoreError) -> ChangeOutcome

    /// Empties a message of `author` for good, its reactions too; as `edit` otherwise. A second deletion is `.unchanged`.
    func delete(
        _ id: MessageID,
        in conversation: ConversationID,
        by author: UserID,
        at now: Timestamp
    ) async throws(StoreError) -> ChangeOutcome

    /// Adds or removes a user's reaction, as `Reactions` has it; as `edit` otherwise. Two at the same time are both kept.
    func react(
        _ id: MessageID,
        in conversation: ConversationID,
        by user: UserID,
        emoji: String,
        adds: Bool
    ) async throws(StoreError) -> ChangeOutcome

    /// Moves a member's read cursor forward, never back, and raises the membership's stamp where it moved.
    func markRead(_ conversation: ConversationID, by user: UserID, upTo seq: Int64) async throws(StoreError) -> ReadOutcome

    /// The people that a user shares a direct conversation with, without itself, the ones last talked to first.
    func contacts(of user: UserID, limit: Int) async throws(StoreError) -> [UserID]
}

/// Channels and who belongs to them.
package protocol ChannelStore: Sendable {
    /// Stores a new channel, nobody in it. Throws `.duplicateKey` where the name is taken.
    func createChannel(_ channel: ChatChannel) async throws(StoreError)

    func channel(_ name: ChannelName) async throws(StoreError) -> ChannelSummary?

    /// Channels in the order of their names, those behind `after` where it is given.
    func channels(after: ChannelName?, limit: Int) async throws(StoreError) -> [ChannelSummary]

    /// Makes the user a member and raises the membership's stamp. Who joins for the first time has read what is there already.
    ///
    /// - Parameter limit: the most channels that one user may be in.
    func join(_ name: ChannelName, user: UserID, limit: Int) async throws(StoreError) -> JoinOutcome

    /// Ends a membership, which stays as a tombstone with a raised stamp.
    func leave(_ name: ChannelName, user: UserID) async throws(StoreError) -> LeaveOutcome

    func isMember(_ user: UserID, of name: ChannelName) async throws(StoreError) -> Bool

    /// The channel's last number when the user joined it, for the last time; nil where the user isn't in it.
    func joinedSeq(of user: UserID, in name: ChannelName) async throws(StoreError) -> Int64?

    /// The channels that a user is in.
    func channels(of user: UserID) async throws(StoreError) -> [ChannelName]

    /// A channel's members in the order of their ids, those behind `after` where it is given.
    func members(of name: ChannelName, after: UserID?, limit: Int) async throws(StoreError) -> [UserID]
}

extension ChannelStore where Self: MessageStore, Self: ChangeStore {
    package func joinedSeq(of user: UserID, in name: ChannelName) async throws(StoreError) -> Int64? {
        let id = ConversationID.channel(name)
        guard try await isMember(user, of: name) else { return nil }
        let last = try await lastSeq(in: id, at: .latest)
        return try await missed(by: user, cursors: [:], since: Stamp(0)).conversations.first { $0.conversationID == id }?.after ?? last
    }
}

/// What changed since a stamp: for the reconciler, and for those who were away.
///
/// Everything that is read to be delivered is committed by majority.
package protocol ChangeStore: Sendable {
    /// The watermark: every change up to this stamp can be seen. It is the latest stamp, less the time in which a lower one may still
    /// appear (10 s on MongoDB, none on SQLite).
    func watermark() async throws(StoreError) -> Stamp

    /// Conversations that changed after `position`, in the order of their stamps.
    func changedConversations(after position: ChangePosition, limit: Int) async throws(StoreError) -> ChangePage<ConversationChange>

    /// Joins, leaves and read cursors after `position`. A sender's cursor that followed its own message is not among them.
    func changedMemberships(after position: ChangePosition, limit: Int) async throws(StoreError) -> ChangePage<MembershipChange>

    /// Bans and revocations of all sessions after `position`, as they are now.
    func kickedUsers(after position: ChangePosition, limit: Int) async throws(StoreError) -> ChangePage<UserKickChange>

    /// Revocations of single sessions after `position`.
    func kickedSessions(after position: ChangePosition, limit: Int) async throws(StoreError) -> ChangePage<SessionKickChange>

    /// Messages of these conversations that were edited, deleted or reacted to after `position`, in one query, those that changed first.
    func updatedMessages(
        in conversations: [ConversationID],
        after position: ChangePosition,
        limit: Int
    ) async throws(StoreError) -> ChangePage<Message>

    /// What changed in a user's conversations after `position` other than by new messages: messages that were edited, deleted or reacted
    /// to; and how far the user and, in direct conversations, the other person have read. At most `limit` of each, those that changed
    /// first.
    func updates(for user: UserID, after position: UpdatesPosition, limit: Int) async throws(StoreError) -> UpdatesPage

    /// Messages above a number in each of several conversations, in one query: ascending in each, conversation after conversation.
    ///
    /// - Parameters:
    ///   - after: the number in each conversation above which to begin.
    ///   - each: the most of one conversation.
    ///   - limit: the most of all together.
    func messages(after: [ConversationID: Int64], each: Int, limit: Int) async throws(StoreError) -> [Message]

    /// Where a user has something to catch up with, in one query: each conversation of `cursors` that has more than its number says,
    /// and with a stamp each other conversation of the user that got messages after it, those of a channel from its joining on. The
    /// caller has checked that the user may read those of `cursors`.
    ///
    /// - Returns: what was missed, and the watermark of the same read.
    func missed(
        by user: UserID,
        cursors: [ConversationID: Int64],
        since stamp: Stamp?
    ) async throws(StoreError) -> (conversations: [MissedConversation], watermark: Stamp)
}

/// Who banned, revoked and unbanned whom.
package protocol AuditStore: Sendable {
    func record(_ entry: AuditEntry) async throws(StoreError)

    /// The newest entries first, those below `before` where it is given.
    func auditLog(before: MessageID?, limit: Int) async throws(StoreError) -> [AuditEntry]
}

extension Store {
    /// The first page of a user's conversations.
    package func conversations(of user: UserID, limit: Int) async throws(StoreError) -> [ConversationSummary] {
        try await conversations(of: user, after: nil, limit: limit).conversations
    }
}
