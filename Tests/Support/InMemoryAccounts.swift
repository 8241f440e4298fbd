import Actors

/// The accounts and sessions of an `InMemoryStore`.
struct InMemoryAccounts {
    struct Account {
        var user: User
        let passwordHash: String
        var kickStamp: Stamp?
    }

    private struct StoredSession {
        var session: Session
        var kickStamp: Stamp?
    }

    private var accounts: [UserID: Account] = [:]
    private var idsByName: [String: UserID] = [:]
    private var sessions: [SessionID: StoredSession] = [:]

    mutating func create(_ user: User, passwordHash: String) throws(StoreError) {
        guard accounts[user.userID] == nil, idsByName[user.username.lowercased()] == nil else {
            throw StoreError(.duplicateKey, "user id or name")
        }
        accounts[user.userID] = Account(user: user, passwordHash: passwordHash)
        idsByName[user.username.lowercased()] = user.userID
    }

    func user(_ id: UserID) -> User? {
        accounts[id]?.user
    }

    func credentials(_ username: Username) -> Credentials? {
        guard let id = idsByName[username.folded], let account = accounts[id] else { return nil }
        return Credentials(user: account.user, passwordHash: account.passwordHash)
    }

    func users(prefix: String, after: String?, limit: Int) -> [User] {
        let prefix = prefix.lowercased().utf8
        let after = after?.lowercased().utf8
        let found = accounts.values.map(\.user).filter { user in
            let name = user.username.lowercased().utf8
            return name.starts(with: prefix) && after.map { $0.lexicographicallyPrecedes(name) } ?? true
        }
        return Array(found.sorted { $0.username.lowercased() < $1.username.lowercased() }.prefix(max(0, limit)))
    }

    mutating func update(_ id: UserID, _ change: (inout Account) -> Void) -> User? {
        guard var account = accounts[id] else { return nil }
        change(&account)
        accounts[id] = account
        return account.user
    }

    mutating func create(_ session: Session) throws(StoreError) {
        guard sessions[session.sessionID] == nil else { throw StoreError(.duplicateKey, "session id") }
        sessions[session.sessionID] = StoredSession(session: session)
    }

    func session(_ id: SessionID, of user: UserID) -> Session? {
        guard let session = sessions[id]?.session, session.userID == user else { return nil }
        return session
    }

    func validSessions(of id: UserID, at now: Timestamp) -> [Session] {
        guard let user = accounts[id]?.user else { return [] }
        return sessions.values.map(\.session)
            .filter { $0.userID == id && SessionRecord(user: user, session: $0, stamp: Stamp(0)).refusal(at: now) == nil }
            .sorted { ($0.createdAt, $0.sessionID) > ($1.createdAt, $1.sessionID) }
    }

    mutating func revoke(_ id: SessionID, of user: UserID, stamp: Stamp) -> Bool {
        guard session(id, of: user) != nil else { return false }
        sessions[id]?.session.isRevoked = true
        sessions[id]?.kickStamp = stamp
        return true
    }

    var userKicks: [(change: UserKickChange, position: ChangePosition)] {
        accounts.compactMap { id, account in
            guard let stamp = account.kickStamp else { return nil }
            let (isSuspended, epoch) = (account.user.isSuspended, account.user.authEpoch)
            let change = UserKickChange(userID: id, isSuspended: isSuspended, authEpoch: epoch, stamp: stamp)
            return (change, ChangePosition(stamp: stamp, key: id.description))
        }
    }

    var sessionKicks: [(change: SessionKickChange, position: ChangePosition)] {
        sessions.compactMap { id, stored in
            guard let stamp = stored.kickStamp else { return nil }
            let change = SessionKickChange(userID: stored.session.userID, sessionID: id, stamp: stamp)
            return (change, ChangePosition(stamp: stamp, key: id.description))
        }
    }

    mutating func touch(_ id: SessionID, of user: UserID, at now: Timestamp) {
        guard let session = session(id, of: user) else { return }
        sessions[id]?.session.lastSeen = max(session.lastSeen, now)
    }
}
