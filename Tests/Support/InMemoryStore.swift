package import Actors

/// A store in memory, with faults that a test puts in. Instances that share a store share one object.
package actor InMemoryStore: Store {
    package enum Operation: Hashable, Sendable, CaseIterable {
        case ping, selfTest
        case createUser, credentials, user, users, setAvatar, setSuspended, revokeSessions
        case createSession, sessionRecord, sessions, revokeSession, touchSession
        case append, messages, lastSeq, conversations
        case edit, delete, react, markRead, contacts
        case createChannel, channel, channels, join, leave, isMember, channelsOfUser, members
        case watermark, changedConversations, changedMemberships, kickedUsers, kickedSessions
        case updates, updatedMessages, messagesAfter, missed
        case record, auditLog
        case recordActivity, activityOfInstance, activity, forgetActivity
    }

    private struct Held {
        let operation: Operation
        let continuation: CheckedContinuation<Void, Never>
    }

    var accounts = InMemoryAccounts()
    var conversations = InMemoryConversations()
    private var audit: [AuditEntry] = []
    var activity: [ActivityMinute] = []
    private var lastStamp: UInt64 = 0
    /// How many stamps the watermark is below the last one.
    private var overlap: UInt64 = 0

    private var failure: StoreError?
    private var nextFailures: [Operation: [StoreError]] = [:]
    private var lostAnswers: [StoreError] = []
    private var holding: Set<Operation> = []
    private var held: [Held] = []
    private var bodies: [Operation: @Sendable () -> Void] = [:]
    /// The most that a page of conversations that changed holds.
    var changePageLimit = Int.max

    /// Every call so far, in order, as it came in.
    package nonisolated let calls = Recorder<Operation>()

    package init() {}

    // Faults

    /// Makes every call fail with `error`, those that are held too once they are released; nil ends it.
    package func failAll(_ error: StoreError?) {
        failure = error
    }

    /// Makes the next call of `operation` that has no earlier failure waiting for it fail with `error`.
    package func failNext(_ operation: Operation, _ error: StoreError) {
        nextFailures[operation, default: []].append(error)
    }

    /// Makes the next append commit and then throw `error`: a lost answer.
    package func loseNextAppendAnswer(_ error: StoreError) {
        lostAnswers.append(error)
    }

    /// Holds calls of `operation` before they do anything until `release`.
    package func hold(_ operation: Operation = .append) {
        holding.insert(operation)
    }

    /// Lets the held calls of `operation` go on, in the order in which they came, and holds no more.
    package func release(_ operation: Operation = .append) {
        holding.remove(operation)
        let going = held.filter { $0.operation == operation }
        held.removeAll { $0.operation == operation }
        for call in going { call.continuation.resume() }
    }

    /// Lets the held calls of `operation` go on, in the order in which they came, and holds those that come after them.
    package func step(_ operation: Operation) {
        release(operation)
        hold(operation)
    }

    /// Has `body` run with each call of `operation` before it does anything, as when the call takes its time.
    package func onEach(_ operation: Operation, _ body: @escaping @Sendable () -> Void) {
        bodies[operation] = body
    }

    /// Has a page of conversations that changed hold `limit` at most.
    package func limitChangePages(to limit: Int) {
        changePageLimit = limit
    }

    /// How many calls of `operation` are held now. That a call has come in is seen in `calls` already.
    package func heldCount(_ operation: Operation = .append) -> Int {
        held.count { $0.operation == operation }
    }

    func enter(_ operation: Operation) async throws(StoreError) {
        if holding.contains(operation) {
            await withCheckedContinuation { continuation in
                held.append(Held(operation: operation, continuation: continuation))
                calls.append(operation)
            }
        } else {
            calls.append(operation)
        }
        bodies[operation]?()
        if let failure { throw failure }
        if var waiting = nextFailures[operation], !waiting.isEmpty {
            let error = waiting.removeFirst()
            nextFailures[operation] = waiting
            throw error
        }
    }

    var latestStamp: Stamp { Stamp(lastStamp) }
    var stampBelowOverlap: Stamp { Stamp(lastStamp - min(lastStamp, overlap)) }

    /// Keeps the watermark so many stamps below the last one, as a store does in which lower ones may appear late.
    package func setOverlap(_ stamps: UInt64) {
        overlap = stamps
    }

    func nextStamp() -> Stamp {
        lastStamp += 1
        return Stamp(lastStamp)
    }

    /// Gives a conversation a new stamp, as a store does that stores a message and raises its conversation in two writes.
    package func raise(_ conversation: ConversationID) {
        conversations.raise(conversation, stamp: nextStamp())
    }

    /// Gives messages a new stamp, as such a store does with those that are raised late.
    package func renewStamps(in conversation: ConversationID, after raised: Int64, upTo seq: Int64) {
        conversations.renewStamps(in: conversation, after: raised, upTo: seq, stamp: nextStamp())
    }

    /// The highest number, at most `seq`, of a message with that stamp or a lower one.
    package func lastSeq(in conversation: ConversationID, at stamp: Stamp, upTo seq: Int64) async throws(StoreError) -> Int64 {
        try await enter(.lastSeq)
        return conversations.lastSeq(in: conversation, at: stamp, upTo: seq)
    }

    package func ping() async throws(StoreError) {
        try await enter(.ping)
    }

    package func selfTest() async throws(StoreError) {
        try await enter(.selfTest)
    }

    package func createUser(_ user: User, passwordHash: String) async throws(StoreError) {
        try await enter(.createUser)
        try accounts.create(user, passwordHash: passwordHash)
    }

    package func credentials(username: Username) async throws(StoreError) -> Credentials? {
        try await enter(.credentials)
        return accounts.credentials(username)
    }

    package func user(_ id: UserID) async throws(StoreError) -> User? {
        try await enter(.user)
        return accounts.user(id)
    }

    package func users(prefix: String, after: String?, limit: Int) async throws(StoreError) -> [User] {
        try await enter(.users)
        return accounts.users(prefix: prefix, after: after, limit: limit)
    }

    package func setAvatar(_ avatar: String?, of id: UserID) async throws(StoreError) -> User? {
        try await enter(.setAvatar)
        return accounts.update(id) { $0.user.avatar = avatar }
    }

    package func setSuspended(_ isSuspended: Bool, user id: UserID) async throws(StoreError) -> User? {
        try await enter(.setSuspended)
        let stamp = isSuspended ? nextStamp() : nil
        return accounts.update(id) { account in
            account.user.isSuspended = isSuspended
            guard let stamp else { return }
            account.user.authEpoch += 1
            account.kickStamp = stamp
        }
    }

    package func revokeSessions(of id: UserID, at now: Timestamp) async throws(StoreError) -> (user: User, revoked: Int)? {
        try await enter(.revokeSessions)
        let revoked = accounts.validSessions(of: id, at: now).count
        let stamp = nextStamp()
        let user = accounts.update(id) { account in
            account.user.authEpoch += 1
            account.kickStamp = stamp
        }
        return user.map { ($0, revoked) }
    }

    package func createSession(_ session: Session) async throws(StoreError) {
        try await enter(.createSession)
        try accounts.create(session)
    }

    package func sessionRecord(_ id: SessionID, of user: UserID) async throws(StoreError) -> SessionRecord? {
        try await enter(.sessionRecord)
        guard let owner = accounts.user(user), let session = accounts.session(id, of: user) else { return nil }
        return SessionRecord(user: owner, session: session, stamp: latestStamp)
    }

    package func sessions(of user: UserID, validAt now: Timestamp) async throws(StoreError) -> [Session] {
        try await enter(.sessions)
        return accounts.validSessions(of: user, at: now)
    }

    package func sessionCounts(of users: [UserID], validAt now: Timestamp) async throws(StoreError) -> [UserID: Int] {
        try await enter(.sessions)
        return Dictionary(users.map { ($0, accounts.validSessions(of: $0, at: now).count) }) { first, _ in first }
    }

    package func revokeSession(_ id: SessionID, of user: UserID) async throws(StoreError) -> Bool {
        try await enter(.revokeSession)
        return accounts.revoke(id, of: user, stamp: nextStamp())
    }

    package func touchSession(_ id: SessionID, of user: UserID, at now: Timestamp) async throws(StoreError) {
        try await enter(.touchSession)
        accounts.touch(id, of: user, at: now)
    }

    package func append(_ drafts: [MessageDraft], to conversation: ConversationID) async throws(StoreError) -> [AppendOutcome] {
        try await enter(.append)
        let outcomes = try conversations.append(drafts, to: conversation) { nextStamp() }
        if !lostAnswers.isEmpty { throw lostAnswers.removeFirst() }
        return outcomes
    }

    package func messages(
        in conversation: ConversationID,
        before: Int64?,
        after: Int64?,
        limit: Int
    ) async throws(StoreError) -> MessagePage {
        try await enter(.messages)
        return conversations.messages(in: conversation, before: before, after: after, limit: limit)
    }

    package func lastSeq(in conversation: ConversationID, at stamp: Stamp) async throws(StoreError) -> Int64 {
        try await enter(.lastSeq)
        return conversations.lastSeq(in: conversation, at: stamp)
    }

    package func conversations(
        of user: UserID,
        after position: ConversationPosition?,
        limit: Int
    ) async throws(StoreError) -> ConversationPage {
        try await enter(.conversations)
        return conversations.summaries(of: user, after: position, limit: limit) { accounts.user($0)?.username }
    }

    package func record(_ entry: AuditEntry) async throws(StoreError) {
        try await enter(.record)
        guard !audit.contains(where: { $0.entryID == entry.entryID }) else {
            throw StoreError(.duplicateKey, "audit entry id")
        }
        audit.append(entry)
    }

    package func auditLog(before: MessageID?, limit: Int) async throws(StoreError) -> [AuditEntry] {
        try await enter(.auditLog)
        let newestFirst = audit.sorted { $0.entryID > $1.entryID }
        let page = newestFirst.filter { entry in before.map { entry.entryID < $0 } ?? true }
        return Array(page.prefix(max(0, limit)))
    }
}
