package import Actors

extension MongoStore {
    package func watermark() async throws(StoreError) -> Stamp {
        try await perform { [latestStamp] in try latestStamp.watermark($0) }
    }

    package func changedConversations(
        after position: ChangePosition,
        limit: Int
    ) async throws(StoreError) -> ChangePage<ConversationChange> {
        let key = position.key.isEmpty ? nil : BSONValue.string(position.key)
        return try await page(of: MongoSchema.conversations, by: "stamp", after: position, key, limit: limit) { document, stamp in
            let id = try document.conversationID("_id")
            let change = ConversationChange(conversationID: id, lastSeq: try document.integer("lastSeq"), stamp: stamp)
            return (change, key: id.description)
        }
    }

    package func changedMemberships(after position: ChangePosition, limit: Int) async throws(StoreError) -> ChangePage<MembershipChange> {
        let key = try position.value { BSONValue(objectID: $0) }
        return try await page(of: MongoSchema.memberships, by: "stamp", after: position, key, limit: limit) { document, stamp in
            let change = MembershipChange(
                conversationID: try document.conversationID("conversationId"),
                userID: try document.identifier("userId"),
                // Those of a direct conversation don't say it: nobody leaves one.
                isMember: try document.value("isMember") != .bool(false),
                readSeq: try document.integer("readSeq"),
                stamp: stamp
            )
            guard let key = try document.value("_id")?.objectIDText else { throw BSONDocument.damaged("_id") }
            return (change, key: key)
        }
    }

    package func kickedUsers(after position: ChangePosition, limit: Int) async throws(StoreError) -> ChangePage<UserKickChange> {
        let key = try position.value { UserID($0).map { .id($0) } }
        return try await page(of: MongoSchema.users, by: "kickStamp", after: position, key, limit: limit) { document, stamp in
            let change = UserKickChange(
                userID: try document.identifier("_id"),
                isSuspended: try document.flag("suspended"),
                authEpoch: try document.integer("authEpoch"),
                stamp: stamp
            )
            return (change, key: change.userID.description)
        }
    }

    package func kickedSessions(after position: ChangePosition, limit: Int) async throws(StoreError) -> ChangePage<SessionKickChange> {
        let key = try position.value { SessionID($0).map { .id($0) } }
        return try await page(of: MongoSchema.sessions, by: "kickStamp", after: position, key, limit: limit) { document, stamp in
            let change = SessionKickChange(
                userID: try document.identifier("userId"),
                sessionID: try document.identifier("_id"),
                stamp: stamp
            )
            return (change, key: change.sessionID.description)
        }
    }

    /// Reads one document more than the page holds, to know whether there is a next one.
    ///
    /// - Parameters:
    ///   - field: the stamp's.
    ///   - key: the `_id` behind which the page begins, within the position's stamp; nil to begin behind that stamp.
    private func page<Change: Sendable>(
        of collection: String,
        by field: String,
        after position: ChangePosition,
        _ key: BSONValue?,
        limit: Int,
        _ change: @escaping @Sendable (BSONDocument, Stamp) throws -> (Change, key: String)
    ) async throws(StoreError) -> ChangePage<Change> {
        let limit = min(max(1, limit), Int(Int32.max))
        let stamp = BSONValue.timestamp(position.stamp.value)
        let above: BSONDocument = [field: .document(["$gt": stamp])]
        let filter = key.map { key -> BSONDocument in
            ["$or": .array([.document(above), .document([field: stamp, "_id": .document(["$gt": key])])])]
        }
        return try await perform { client in
            let documents = try client.find(
                collection,
                filter ?? above,
                ["sort": .document([field: .int32(1), "_id": .int32(1)]), "limit": .int64(Int64(limit) + 1)]
            )
            var found: [(change: Change, position: ChangePosition)] = []
            for document in documents.prefix(limit) {
                let stamp = try document.stamp(field)
                let (change, key) = try change(document, stamp)
                found.append((change, ChangePosition(stamp: stamp, key: key)))
            }
            let hasMore = documents.count > limit
            return ChangePage(changes: found.map(\.change), next: hasMore ? found.last?.position : nil)
        }
    }
}

extension ChangePosition {
    /// Nil where the key is empty.
    fileprivate func value(_ read: (String) -> BSONValue?) throws(StoreError) -> BSONValue? {
        guard !key.isEmpty else { return nil }
        guard let value = read(key) else { throw StoreError(.other, "a position that this store has not given") }
        return value
    }
}

extension BSONValue {
    /// Reads 24 hexadecimal digits.
    fileprivate init?(objectID text: String) {
        guard text.utf8.count == 24, let high = UInt64(text.prefix(16), radix: 16), let low = UInt32(text.suffix(8), radix: 16) else {
            return nil
        }
        self = .objectID(high: high, low: low)
    }

    fileprivate var objectIDText: String? {
        guard case .objectID(let high, let low) = self else { return nil }
        func hex(_ number: some BinaryInteger, digits: Int) -> String {
            let text = String(number, radix: 16)
            return String(repeating: "0", count: digits - text.count) + text
        }
        return hex(high, digits: 16) + hex(low, digits: 8)
    }
}
