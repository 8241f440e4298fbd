package import Actors
import GRDB

extension SQLiteStore {
    package func createSession(_ session: Session) async throws(StoreError) {
        let isNew = try await commits.submit { db, _ in
            let statement = try db.cachedStatement(
                sql: """
                    INSERT INTO sessions (\(Session.columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
                    """
            )
            try statement.execute(arguments: [
                session.sessionID.blob, session.userID.blob, session.authEpoch, session.createdAt.milliseconds,
                session.expiresAt.milliseconds, session.lastSeen.milliseconds, session.userAgent.map(StoredText.init),
                session.address.map(StoredText.init), session.isRevoked,
            ])
            return db.changesCount > 0
        }
        guard isNew else { throw StoreError(.duplicateKey, "session id") }
    }

    package func sessionRecord(_ id: SessionID, of user: UserID) async throws(StoreError) -> SessionRecord? {
        try await reads.records.ask(SessionReads.RecordRequest(session: id, user: user))
    }

    /// The sessions as one snapshot has them, with the one stamp of that snapshot.
    static func sessionRecords(_ requests: [SessionReads.RecordRequest], _ db: Database) throws -> [SessionRecord?] {
        let stamp = Stamp(UInt64(clamping: try StampCounter.latest(db)))
        let statement = try db.cachedStatement(sql: SessionRecord.selection)
        return try requests.map { request in
            let rows = try Row.fetchCursor(statement, arguments: [request.session.blob, request.user.blob])
            return try rows.next().map { try SessionRecord(request, $0, stamp: stamp) }
        }
    }

    package func sessions(of user: UserID, validAt now: Timestamp) async throws(StoreError) -> [Session] {
        try await read { db in try Self.validSessions(of: user, at: now, db) }
    }

    package func sessionCounts(of users: [UserID], validAt now: Timestamp) async throws(StoreError) -> [UserID: Int] {
        guard !users.isEmpty else { return [:] }
        return try await read { db in
            let marks = databaseQuestionMarks(count: users.count)
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT sessions.user_id, COUNT(*) FROM sessions JOIN users USING (user_id, auth_epoch)
                    WHERE is_revoked = 0 AND is_suspended = 0 AND expires_at > ? AND user_id IN (\(marks)) GROUP BY user_id
                    """,
                arguments: [now.milliseconds] + StatementArguments(users.map(\.blob))
            )
            var counts: [UserID: Int] = [:]
            while let row = try rows.next() { counts[try row.identifier(0)] = row[1] }
            return counts
        }
    }

    package func revokeSession(_ id: SessionID, of user: UserID) async throws(StoreError) -> Bool {
        try await commits.submit { db, stamps in
            let statement = try db.cachedStatement(
                sql: "UPDATE sessions SET is_revoked = 1, kick_stamp = ? WHERE session_id = ? AND user_id = ?"
            )
            try statement.execute(arguments: [stamps.next(), id.blob, user.blob])
            return db.changesCount > 0
        }
    }

    package func touchSession(_ id: SessionID, of user: UserID, at now: Timestamp) async throws(StoreError) {
        try await commits.submit { db, _ in
            let statement = try db.cachedStatement(
                sql: "UPDATE sessions SET last_seen = ?1 WHERE session_id = ?2 AND user_id = ?3 AND last_seen < ?1"
            )
            try statement.execute(arguments: [now.milliseconds, id.blob, user.blob])
        }
    }

    /// The user's sessions that `SessionRecord.refusal` has nothing against.
    static func validSessions(of user: UserID, at now: Timestamp, _ db: Database) throws -> [Session] {
        let statement = try db.cachedStatement(
            sql: """
                SELECT \(Session.columns) FROM sessions
                WHERE user_id = ?1 AND is_revoked = 0 AND expires_at > ?2
                    AND auth_epoch = (SELECT auth_epoch FROM users WHERE user_id = ?1 AND is_suspended = 0)
                ORDER BY created_at DESC, session_id DESC
                """
        )
        return try Array(Row.fetchCursor(statement, arguments: [user.blob, now.milliseconds]).map { try Session($0) })
    }
}

extension Session {
    static let columns = "session_id, user_id, auth_epoch, created_at, expires_at, last_seen, user_agent, address, is_revoked"

    init(_ row: Row) throws {
        self.init(
            sessionID: try row.identifier(0),
            userID: try row.identifier(1),
            authEpoch: try row.integer(2),
            createdAt: try row.timestamp(3),
            expiresAt: try row.timestamp(4),
            lastSeen: try row.timestamp(5),
            userAgent: row.optionalText(6),
            address: row.optionalText(7),
            isRevoked: try row.boolean(8)
        )
    }
}

extension SessionRecord {
    /// Without the ids, which are known by what is asked.
    fileprivate static let selection = """
        SELECT sessions.auth_epoch, sessions.created_at, expires_at, last_seen, user_agent, address, is_revoked,
            username, role, avatar, is_suspended, users.auth_epoch, users.created_at
        FROM sessions JOIN users USING (user_id) WHERE session_id = ? AND user_id = ?
        """

    fileprivate init(_ request: SessionReads.RecordRequest, _ row: Row, stamp: Stamp) throws {
        let session = Session(
            sessionID: request.session,
            userID: request.user,
            authEpoch: try row.integer(0),
            createdAt: try row.timestamp(1),
            expiresAt: try row.timestamp(2),
            lastSeen: try row.timestamp(3),
            userAgent: row.optionalText(4),
            address: row.optionalText(5),
            isRevoked: try row.boolean(6)
        )
        let user = User(
            userID: request.user,
            username: try row.text(7),
            role: try row.value(8),
            avatar: row.optionalText(9),
            isSuspended: try row.boolean(10),
            authEpoch: try row.integer(11),
            createdAt: try row.timestamp(12)
        )
        self.init(user: user, session: session, stamp: stamp)
    }
}
