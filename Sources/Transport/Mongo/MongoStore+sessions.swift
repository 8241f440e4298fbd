package import Actors

extension MongoStore {
    package func createSession(_ session: Session) async throws(StoreError) {
        var document: BSONDocument = [
            "_id": .id(session.sessionID),
            "userId": .id(session.userID),
            "authEpoch": .int64(session.authEpoch),
            "createdAt": .time(session.createdAt),
            "expiresAt": .time(session.expiresAt),
            "lastSeen": .time(session.lastSeen),
            "revoked": .bool(session.isRevoked),
        ]
        document.append("userAgent", ifPresent: session.userAgent.map(BSONValue.string))
        document.append("address", ifPresent: session.address.map(BSONValue.string))
        try await insert(document, into: MongoSchema.sessions)
    }

    package func sessionRecord(_ id: SessionID, of user: UserID) async throws(StoreError) -> SessionRecord? {
        try await reads.records.ask(SessionReads.RecordRequest(session: id, user: user))
    }

    package func sessions(of user: UserID, validAt now: Timestamp) async throws(StoreError) -> [Session] {
        try await perform { client in
            guard let owner = try Self.user(user, client), !owner.isSuspended else { return [] }
            return try client.find(
                MongoSchema.sessions,
                Self.validSessions(at: now, ["userId": .id(user), "authEpoch": .int64(owner.authEpoch)]),
                ["sort": .document(["createdAt": .int32(-1), "_id": .int32(-1)])]
            ).map { try Session($0) }
        }
    }

    package func sessionCounts(of users: [UserID], validAt now: Timestamp) async throws(StoreError) -> [UserID: Int] {
        let ids = Set(users).map { BSONValue.id($0) }
        guard !ids.isEmpty else { return [:] }
        return try await perform { client in
            let owners = try client.find(
                MongoSchema.users,
                ["_id": .document(["$in": .array(ids)]), "suspended": .bool(false)],
                ["projection": .document(["authEpoch": .int32(1)])]
            )
            var epochs: [UserID: Int64] = [:]
            for owner in owners { epochs[try owner.identifier("_id")] = try owner.integer("authEpoch") }
            guard !epochs.isEmpty else { return [:] }
            let sessions = try client.find(
                MongoSchema.sessions,
                Self.validSessions(at: now, ["userId": .document(["$in": .array(epochs.keys.map { .id($0) })])]),
                ["projection": .document(["userId": .int32(1), "authEpoch": .int32(1)])]
            )
            var counts: [UserID: Int] = [:]
            for session in sessions {
                let user: UserID = try session.identifier("userId")
                if epochs[user] == (try session.integer("authEpoch")) { counts[user, default: 0] += 1 }
            }
            return counts
        }
    }

    package func revokeSession(_ id: SessionID, of user: UserID) async throws(StoreError) -> Bool {
        try await perform { client in
            let found = try Self.update(
                MongoSchema.sessions,
                ["_id": .id(id), "userId": .id(user)],
                [
                    "$set": .document(["revoked": .bool(true)]),
                    "$currentDate": .document(["kickStamp": .document(["$type": .string("timestamp")])]),
                ],
                client
            )
            return found > 0
        }
    }

    package func touchSession(_ id: SessionID, of user: UserID, at now: Timestamp) async throws(StoreError) {
        _ = try await perform { client in
            try Self.update(
                MongoSchema.sessions,
                ["_id": .id(id), "userId": .id(user)],
                ["$max": .document(["lastSeen": .time(now)])],
                client
            )
        }
    }

    /// What `SessionRecord.refusal` has nothing against, as far as the session's own document tells.
    private static func validSessions(at now: Timestamp, _ filter: BSONDocument) -> BSONDocument {
        var filter = filter
        filter.append("revoked", .bool(false))
        filter.append("expiresAt", .document(["$gt": .time(now)]))
        return filter
    }

    /// - Returns: how many documents the filter found.
    static func update(
        _ collection: String,
        _ filter: BSONDocument,
        _ update: BSONDocument,
        _ client: MongoClient
    ) throws -> Int64 {
        let statement: BSONDocument = ["q": .document(filter), "u": .document(update)]
        return try client.write(["update": .string(collection), "updates": .array([.document(statement)])]).integer("n")
    }
}

extension Session {
    init(_ document: BSONDocument) throws {
        self.init(
            sessionID: try document.identifier("_id"),
            userID: try document.identifier("userId"),
            authEpoch: try document.integer("authEpoch"),
            createdAt: try document.time("createdAt"),
            expiresAt: try document.time("expiresAt"),
            lastSeen: try document.time("lastSeen"),
            userAgent: try document.optionalText("userAgent"),
            address: try document.optionalText("address"),
            isRevoked: try document.flag("revoked")
        )
    }
}
