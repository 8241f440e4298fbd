/// The truth: accounts, sessions, conversations and messages.
///
/// Several instances share one store. Every answer is of committed data.
package protocol Store: AccountStore, MessageStore, AuditStore {
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
    /// - Parameters:
    ///   - drafts: in the order in which they are to be numbered; a batch may hold one `clientMessageId` twice.
    ///   - conversation: where all of them go.
    /// - Returns: an outcome a draft, in the same order.
    /// - Throws: `StoreError`; then it is not known what was stored, and the same drafts may be given again.
    func append(_ drafts: [MessageDraft], to conversation: ConversationID) async throws(StoreError) -> [AppendOutcome]

    /// Part of the history, ascending: the `limit` messages directly below `before`, or directly above `after`; with neither, the newest.
    func messages(in conversation: ConversationID, before: Int64?, after: Int64?, limit: Int) async throws(StoreError) -> MessagePage

    /// The highest number of a message that was stored at or before `stamp`; 0 where there is none.
    func lastSeq(in conversation: ConversationID, at stamp: Stamp) async throws(StoreError) -> Int64

    /// The conversations of a user, the one with the newest message first.
    func conversations(of user: UserID, limit: Int) async throws(StoreError) -> [ConversationSummary]
}

/// Who banned, revoked and unbanned whom.
package protocol AuditStore: Sendable {
    func record(_ entry: AuditEntry) async throws(StoreError)

    /// The newest entries first, those below `before` where it is given.
    func auditLog(before: MessageID?, limit: Int) async throws(StoreError) -> [AuditEntry]
}
