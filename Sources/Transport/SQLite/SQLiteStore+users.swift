package import Actors
import FoundationEssentials
import GRDB

extension SQLiteStore {
    package func createUser(_ user: User, passwordHash: String) async throws(StoreError) {
        let isNew = try await commits.submit { db, _ in
            let statement = try db.cachedStatement(
                sql: """
                    INSERT INTO users (user_id, username, folded, password_hash, role, avatar, is_suspended, auth_epoch, created_at)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
                    """
            )
            try statement.execute(arguments: [
                user.userID.blob, StoredText(user.username), user.username.lowercased().utf8Blob, StoredText(passwordHash),
                user.role.rawValue, user.avatar.map(StoredText.init), user.isSuspended, user.authEpoch, user.createdAt.milliseconds,
            ])
            return db.changesCount > 0
        }
        guard isNew else { throw StoreError(.duplicateKey, "user id or name") }
    }

    package func credentials(username: Username) async throws(StoreError) -> Credentials? {
        try await read { db in
            let statement = try db.cachedStatement(sql: "SELECT \(User.columns), password_hash FROM users WHERE folded = ?")
            guard let row = try Row.fetchOne(statement, arguments: [username.folded.utf8Blob]) else { return nil }
            return Credentials(user: try User(row), passwordHash: try row.text(User.columnCount))
        }
    }

    package func user(_ id: UserID) async throws(StoreError) -> User? {
        try await read { db in try Self.user(id, db) }
    }

    package func users(prefix: String, after: String?, limit: Int) async throws(StoreError) -> [User] {
        let prefix = prefix.lowercased().utf8Blob
        // What follows a blob directly is the same with a zero byte behind.
        let next = after.map { $0.lowercased().utf8Blob + [0] } ?? Data()
        let start = next.lexicographicallyPrecedes(prefix) ? prefix : next
        return try await read { db in
            // 0xFF is in no UTF-8 text: all names with this prefix, and no others, lie between it and it with 0xFF behind.
            let statement = try db.cachedStatement(
                sql: "SELECT \(User.columns) FROM users WHERE folded >= ? AND folded < ? ORDER BY folded LIMIT ?"
            )
            let rows = try Row.fetchCursor(statement, arguments: [start, prefix + [0xFF], max(0, limit)])
            return try Array(rows.map { try User($0) })
        }
    }

    package func setAvatar(_ avatar: String?, of id: UserID) async throws(StoreError) -> User? {
        try await commits.submit { db, _ in
            let statement = try db.cachedStatement(sql: "UPDATE users SET avatar = ? WHERE user_id = ?")
            try statement.execute(arguments: [avatar.map(StoredText.init), id.blob])
            return try Self.user(id, db)
        }
    }

    package func setSuspended(_ isSuspended: Bool, user id: UserID) async throws(StoreError) -> User? {
        try await commits.submit { db, stamps in
            if isSuspended {
                try db.cachedStatement(
                    sql: "UPDATE users SET is_suspended = 1, auth_epoch = auth_epoch + 1, kick_stamp = ? WHERE user_id = ?"
                ).execute(arguments: [stamps.next(), id.blob])
            } else {
                try db.cachedStatement(sql: "UPDATE users SET is_suspended = 0 WHERE user_id = ?").execute(arguments: [id.blob])
            }
            return try Self.user(id, db)
        }
    }

    package func revokeSessions(of id: UserID, at now: Timestamp) async throws(StoreError) -> (user: User, revoked: Int)? {
        try await commits.submit { db, stamps in
            let revoked = try Self.validSessions(of: id, at: now, db).count
            try db.cachedStatement(sql: "UPDATE users SET auth_epoch = auth_epoch + 1, kick_stamp = ? WHERE user_id = ?")
                .execute(arguments: [stamps.next(), id.blob])
            return try Self.user(id, db).map { ($0, revoked) }
        }
    }

    static func user(_ id: UserID, _ db: Database) throws -> User? {
        let statement = try db.cachedStatement(sql: "SELECT \(User.columns) FROM users WHERE user_id = ?")
        return try Row.fetchOne(statement, arguments: [id.blob]).map { try User($0) }
    }
}

extension User {
    static let columns = "user_id, username, role, avatar, is_suspended, auth_epoch, created_at"
    static let columnCount = 7

    init(_ row: Row) throws {
        self.init(
            userID: try row.identifier(0),
            username: try row.text(1),
            role: try row.value(2),
            avatar: row.optionalText(3),
            isSuspended: try row.boolean(4),
            authEpoch: try row.integer(5),
            createdAt: try row.timestamp(6)
        )
    }
}
