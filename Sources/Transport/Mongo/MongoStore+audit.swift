package import Actors

extension MongoStore {
    package func record(_ entry: AuditEntry) async throws(StoreError) {
        var document: BSONDocument = [
            "_id": .id(entry.entryID),
            "action": .string(entry.action.rawValue),
            "targetUserId": .id(entry.targetUserID),
            "createdAt": .time(entry.createdAt),
        ]
        document.append("adminId", ifPresent: entry.adminID.map { .id($0) })
        document.append("targetSessionId", ifPresent: entry.targetSessionID.map { .id($0) })
        document.append("reason", ifPresent: entry.reason.map(BSONValue.string))
        try await insert(document, into: MongoSchema.audit)
    }

    package func auditLog(before: MessageID?, limit: Int) async throws(StoreError) -> [AuditEntry] {
        guard limit > 0 else { return [] }
        let filter: BSONDocument = before.map { ["_id": .document(["$lt": .id($0)])] } ?? [:]
        return try await perform { client in
            try client.find(
                MongoSchema.audit,
                filter,
                ["sort": .document(["_id": .int32(-1)]), "limit": .int64(Int64(limit))]
            ).map { try AuditEntry($0) }
        }
    }
}

extension AuditEntry {
    fileprivate init(_ document: BSONDocument) throws {
        guard let action = Action(rawValue: try document.text("action")) else { throw BSONDocument.damaged("action") }
        self.init(
            entryID: try document.identifier("_id"),
            action: action,
            adminID: try document.optionalIdentifier("adminId"),
            targetUserID: try document.identifier("targetUserId"),
            targetSessionID: try document.optionalIdentifier("targetSessionId"),
            reason: try document.optionalText("reason"),
            createdAt: try document.time("createdAt")
        )
    }
}
