import Actors
import TestSupport

extension SimulatedStore {
    private var truth: InMemoryStore { core.truth }

    func createUser(_ user: User, passwordHash: String) async throws(StoreError) {
        try await change { () async throws(StoreError) in try await truth.createUser(user, passwordHash: passwordHash) }
    }

    func credentials(username: Username) async throws(StoreError) -> Credentials? {
        try await ask { () async throws(StoreError) in try await truth.credentials(username: username) }
    }

    func user(_ id: UserID) async throws(StoreError) -> User? {
        try await ask { () async throws(StoreError) in try await truth.user(id) }
    }

    func users(prefix: String, after: String?, limit: Int) async throws(StoreError) -> [User] {
        try await ask { () async throws(StoreError) in try await truth.users(prefix: prefix, after: after, limit: limit) }
    }

    func setAvatar(_ avatar: String?, of id: UserID) async throws(StoreError) -> User? {
        try await change { () async throws(StoreError) in try await truth.setAvatar(avatar, of: id) }
    }

    func setSuspended(_ isSuspended: Bool, user id: UserID) async throws(StoreError) -> User? {
        if core.mutation == .kickWithoutStore {
            return try await user(id).map { $0.kicked(isSuspended: isSuspended) }
        }
        // It is suspended already: nothing to do.
        if isSuspended, core.halfBanned.contains(id) { return try await user(id) }
        do throws(StoreError) {
            let user = try await change { () async throws(StoreError) in try await truth.setSuspended(isSuspended, user: id) }
            core.halfBanned.remove(id)
            return user
        } catch {
            if core.mutation == .kickInSeveralDocuments, isSuspended, await isSuspendedNow(id) { core.halfBanned.insert(id) }
            throw error
        }
    }

    private func isSuspendedNow(_ id: UserID) async -> Bool {
        let user = try? await truth.user(id)
        return user?.isSuspended ?? false
    }

    func revokeSessions(of id: UserID, at now: Timestamp) async throws(StoreError) -> (user: User, revoked: Int)? {
        if core.mutation == .kickWithoutStore {
            return try await user(id).map { ($0.kicked(isSuspended: false), 1) }
        }
        return try await change { () async throws(StoreError) in try await truth.revokeSessions(of: id, at: now) }
    }

    func createSession(_ session: Session) async throws(StoreError) {
        try await change { () async throws(StoreError) in try await truth.createSession(session) }
    }

    func sessionRecord(_ id: SessionID, of user: UserID) async throws(StoreError) -> SessionRecord? {
        try await ask { () async throws(StoreError) in
            guard let record = try await truth.sessionRecord(id, of: user) else { return nil }
            return SessionRecord(user: record.user, session: record.session, stamp: core.shown(record.stamp))
        }
    }

    func sessions(of user: UserID, validAt now: Timestamp) async throws(StoreError) -> [Session] {
        try await ask { () async throws(StoreError) in try await truth.sessions(of: user, validAt: now) }
    }

    func sessionCounts(of users: [UserID], validAt now: Timestamp) async throws(StoreError) -> [UserID: Int] {
        try await ask { () async throws(StoreError) in try await truth.sessionCounts(of: users, validAt: now) }
    }

    func revokeSession(_ id: SessionID, of user: UserID) async throws(StoreError) -> Bool {
        if core.mutation == .kickWithoutStore { return true }
        return try await change { () async throws(StoreError) in try await truth.revokeSession(id, of: user) }
    }

    func touchSession(_ id: SessionID, of user: UserID, at now: Timestamp) async throws(StoreError) {
        try await change { () async throws(StoreError) in try await truth.touchSession(id, of: user, at: now) }
    }

    func record(_ entry: AuditEntry) async throws(StoreError) {
        try await change { () async throws(StoreError) in try await truth.record(entry) }
    }

    func auditLog(before: MessageID?, limit: Int) async throws(StoreError) -> [AuditEntry] {
        try await ask { () async throws(StoreError) in try await truth.auditLog(before: before, limit: limit) }
    }

    // Channels

    func createChannel(_ channel: ChatChannel) async throws(StoreError) {
        try await change { () async throws(StoreError) in try await truth.createChannel(channel) }
    }

    func channel(_ name: ChannelName) async throws(StoreError) -> ChannelSummary? {
        try await ask { () async throws(StoreError) in try await truth.channel(name) }
    }

    func channels(after: ChannelName?, limit: Int) async throws(StoreError) -> [ChannelSummary] {
        try await ask { () async throws(StoreError) in try await truth.channels(after: after, limit: limit) }
    }

    func join(_ name: ChannelName, user: UserID, limit: Int) async throws(StoreError) -> JoinOutcome {
        try await change { () async throws(StoreError) in try await truth.join(name, user: user, limit: limit) }
    }

    func leave(_ name: ChannelName, user: UserID) async throws(StoreError) -> LeaveOutcome {
        try await change { () async throws(StoreError) in try await truth.leave(name, user: user) }
    }

    func isMember(_ user: UserID, of name: ChannelName) async throws(StoreError) -> Bool {
        try await ask { () async throws(StoreError) in try await truth.isMember(user, of: name) }
    }

    func joinedSeq(of user: UserID, in name: ChannelName) async throws(StoreError) -> Int64? {
        try await ask { () async throws(StoreError) in try await truth.joinedSeq(of: user, in: name) }
    }

    func channels(of user: UserID) async throws(StoreError) -> [ChannelName] {
        try await ask { () async throws(StoreError) in try await truth.channels(of: user) }
    }

    func members(of name: ChannelName, after: UserID?, limit: Int) async throws(StoreError) -> [UserID] {
        try await ask { () async throws(StoreError) in try await truth.members(of: name, after: after, limit: limit) }
    }
}

extension User {
    /// As a ban would leave it.
    fileprivate func kicked(isSuspended: Bool) -> User {
        var user = self
        user.isSuspended = isSuspended
        user.authEpoch += 1
        return user
    }
}
