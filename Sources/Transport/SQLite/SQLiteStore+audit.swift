package import Actors
import FoundationEssentials
import GRDB

extension SQLiteStore {
    package func record(_ entry: AuditEntry) async throws(StoreError) {
        let isNew = try await commits.submit { db, _ in
            let statement = try db.cachedStatement(
                sql: "INSERT INTO audit (\(AuditEntry.columns)) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
            )
            try statement.execute(arguments: [
                entry.entryID.blob, entry.action.rawValue, entry.adminID?.blob, entry.targetUserID.blob, entry.targetSessionID?.blob,
                entry.reason.map(StoredText.init), entry.createdAt.milliseconds,
            ])
            return db.changesCount > 0
        }
        guard isNew else { throw StoreError(.duplicateKey, "audit entry id") }
    }

    package func auditLog(before: MessageID?, limit: Int) async throws(StoreError) -> [AuditEntry] {
        try await read { db in
            let statement = try db.cachedStatement(
                sql: "SELECT \(AuditEntry.columns) FROM audit WHERE entry_id < ? ORDER BY entry_id DESC LIMIT ?"
            )
            let end = before?.blob ?? Data(repeating: 0xFF, count: 17)
            return try Array(Row.fetchCursor(statement, arguments: [end, max(0, limit)]).map { try AuditEntry($0) })
        }
    }
}

extension AuditEntry {
    fileprivate static let columns = "entry_id, action, admin_id, target_user_id, target_session_id, reason, created_at"

    fileprivate init(_ row: Row) throws {
        self.init(
            entryID: try row.identifier(0),
            action: try row.value(1),
            adminID: try row.optionalIdentifier(2),
            targetUserID: try row.identifier(3),
            targetSessionID: try row.optionalIdentifier(4),
            reason: row.optionalText(5),
            createdAt: try row.timestamp(6)
        )
    }
}
