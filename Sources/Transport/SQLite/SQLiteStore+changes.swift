package import Actors
import FoundationEssentials
import GRDB

extension SQLiteStore {
    package func watermark() async throws(StoreError) -> Stamp {
        // Stamps ascend in the order of commits: what is below the counter of a snapshot is in the snapshot.
        try await read { db in Stamp(UInt64(clamping: try StampCounter.latest(db))) }
    }

    package func changedConversations(
        after position: ChangePosition,
        limit: Int
    ) async throws(StoreError) -> ChangePage<ConversationChange> {
        let id = try position.number(position.key)
        return try await page(
            sql: """
                SELECT stamp, id, name, last_seq FROM conversations WHERE stamp >= ?1 AND (stamp, id) > (?1, ?2) ORDER BY stamp, id
                """,
            arguments: [position.value, id],
            limit: limit
        ) { row, stamp in
            ConversationChange(conversationID: try row.conversationID(2), lastSeq: try row.integer(3), stamp: stamp)
        } key: { row, _ in
            String(try row.integer(1))
        }
    }

    package func changedMemberships(after position: ChangePosition, limit: Int) async throws(StoreError) -> ChangePage<MembershipChange> {
        let (user, conversation) = try position.membership()
        return try await page(
            sql: """
                SELECT memberships.stamp, user_id, conversation, name, left_stamp IS NULL, read_seq
                FROM memberships CROSS JOIN conversations ON id = conversation
                WHERE memberships.stamp >= ?1 AND (memberships.stamp, user_id, conversation) > (?1, ?2, ?3)
                ORDER BY memberships.stamp, user_id, conversation
                """,
            arguments: [position.value, user, conversation],
            limit: limit
        ) { row, stamp in
            MembershipChange(
                conversationID: try row.conversationID(3),
                userID: try row.identifier(1),
                isMember: try row.boolean(4),
                readSeq: try row.integer(5),
                stamp: stamp
            )
        } key: { row, change in
            "\(change.userID) \(try row.integer(2))"
        }
    }

    package func kickedUsers(after position: ChangePosition, limit: Int) async throws(StoreError) -> ChangePage<UserKickChange> {
        try await page(
            sql: """
                SELECT kick_stamp, user_id, is_suspended, auth_epoch FROM users
                WHERE kick_stamp >= ?1 AND (kick_stamp, user_id) > (?1, ?2) ORDER BY kick_stamp, user_id
                """,
            arguments: [position.value, try position.blob(of: UserID.self, position.key)],
            limit: limit
        ) { row, stamp in
            UserKickChange(
                userID: try row.identifier(1),
                isSuspended: try row.boolean(2),
                authEpoch: try row.integer(3),
                stamp: stamp
            )
        } key: { _, change in
            change.userID.description
        }
    }

    package func kickedSessions(after position: ChangePosition, limit: Int) async throws(StoreError) -> ChangePage<SessionKickChange> {
        try await page(
            sql: """
                SELECT kick_stamp, session_id, user_id FROM sessions
                WHERE kick_stamp >= ?1 AND (kick_stamp, session_id) > (?1, ?2) ORDER BY kick_stamp, session_id
                """,
            arguments: [position.value, try position.blob(of: SessionID.self, position.key)],
            limit: limit
        ) { row, stamp in
            SessionKickChange(userID: try row.identifier(2), sessionID: try row.identifier(1), stamp: stamp)
        } key: { _, change in
            change.sessionID.description
        }
    }

    private func page<Change: Sendable>(
        sql: String,
        arguments: StatementArguments,
        limit: Int,
        _ change: @escaping @Sendable (Row, Stamp) throws -> Change,
        key: @escaping @Sendable (Row, Change) throws -> String
    ) async throws(StoreError) -> ChangePage<Change> {
        try await read { db in try Self.page(db, sql: sql, arguments: arguments, limit: limit, change, key: key) }
    }

    /// Reads one row more than the page holds, to know whether there is a next one.
    ///
    /// - Parameters:
    ///   - change: reads a row whose first column is the stamp that is given to it.
    ///   - key: tells the row from others of its stamp; asked for the last of the page alone.
    static func page<Change: Sendable>(
        _ db: Database,
        sql: String,
        arguments: StatementArguments,
        limit: Int,
        _ change: (Row, Stamp) throws -> Change,
        key: (Row, Change) throws -> String
    ) throws -> ChangePage<Change> {
        let limit = min(max(1, limit), Int(Int32.max))
        let rows = try Row.fetchCursor(db.cachedStatement(sql: "\(sql) LIMIT ?"), arguments: arguments + [limit + 1])
        var changes: [Change] = []
        var last: ChangePosition?
        while let row = try rows.next() {
            guard changes.count < limit else { return ChangePage(changes: changes, next: last) }
            let stamp = Stamp(UInt64(clamping: try row.integer(0)))
            let found = try change(row, stamp)
            changes.append(found)
            if changes.count == limit { last = ChangePosition(stamp: stamp, key: try key(row, found)) }
        }
        return ChangePage(changes: changes, next: nil)
    }
}

extension ChangePosition {
    var value: Int64 {
        Int64(clamping: stamp.value)
    }

    /// Above every id where the key is empty.
    func blob<Entity>(of type: Identifier<Entity>.Type, _ key: some StringProtocol) throws(StoreError) -> Data {
        if self.key.isEmpty { return Data(repeating: 0xFF, count: 17) }
        guard let id = Identifier<Entity>(key) else { throw Self.unknown }
        return id.blob
    }

    /// Above every number where the key is empty.
    func number(_ key: some StringProtocol) throws(StoreError) -> Int64 {
        if self.key.isEmpty { return .max }
        guard let number = Int64(key) else { throw Self.unknown }
        return number
    }

    /// Of a membership's key.
    func membership() throws(StoreError) -> (user: Data, conversation: Int64) {
        let parts = key.split(separator: " ")
        return (try blob(of: UserID.self, parts.first ?? ""), try number(parts.dropFirst().first ?? ""))
    }

    private static let unknown = StoreError(.other, "a position that this store has not given")
}
