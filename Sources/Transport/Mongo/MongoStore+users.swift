package import Actors

extension MongoStore {
    package func createUser(_ user: User, passwordHash: String) async throws(StoreError) {
        var document: BSONDocument = [
            "_id": .id(user.userID),
            "username": .string(user.username),
            "folded": .string(user.username.lowercased()),
            "passwordHash": .string(passwordHash),
            "role": .string(user.role.rawValue),
            "suspended": .bool(user.isSuspended),
            "authEpoch": .int64(user.authEpoch),
            "createdAt": .time(user.createdAt),
        ]
        document.append("avatar", ifPresent: user.avatar.map(BSONValue.string))
        try await insert(document, into: MongoSchema.users)
    }

    package func credentials(username: Username) async throws(StoreError) -> Credentials? {
        try await perform { client in
            let found = try client.find(
                MongoSchema.users,
                ["username": .string(username.description)],
                ["collation": .document(MongoSchema.nameCollation), "limit": .int64(1)]
            )
            return try found.first.map { Credentials(user: try User($0), passwordHash: try $0.text("passwordHash")) }
        }
    }

    package func user(_ id: UserID) async throws(StoreError) -> User? {
        try await perform { try Self.user(id, $0) }
    }

    package func users(prefix: String, after: String?, limit: Int) async throws(StoreError) -> [User] {
        guard limit > 0 else { return [] }
        let range = FoldedRange(prefix: prefix.lowercased(), after: after?.lowercased())
        return try await perform { client in
            try client.find(
                MongoSchema.users,
                ["folded": .document(range.condition)],
                ["sort": .document(["folded": .int32(1)]), "limit": .int64(Int64(limit))]
            ).map { try User($0) }
        }
    }

    package func setAvatar(_ avatar: String?, of id: UserID) async throws(StoreError) -> User? {
        if let avatar { return try await change(id, ["$set": .document(["avatar": .string(avatar)])]) }
        return try await change(id, ["$unset": .document(["avatar": .string("")])])
    }

    package func setSuspended(_ isSuspended: Bool, user id: UserID) async throws(StoreError) -> User? {
        var update = isSuspended ? Self.endSessions : [:]
        update.append("$set", .document(["suspended": .bool(isSuspended)]))
        return try await change(id, update)
    }

    package func revokeSessions(of id: UserID, at now: Timestamp) async throws(StoreError) -> (user: User, revoked: Int)? {
        // Counted before, and not again where the update has to be repeated.
        let revoked = try await sessions(of: id, validAt: now).count
        return try await change(id, Self.endSessions).map { ($0, revoked) }
    }

    /// In one update of one document, so that nothing can come between: every session of a lower epoch is over.
    private static let endSessions: BSONDocument = [
        "$inc": .document(["authEpoch": .int64(1)]),
        "$currentDate": .document(["kickStamp": .document(["$type": .string("timestamp")])]),
    ]

    private func change(_ id: UserID, _ update: BSONDocument) async throws(StoreError) -> User? {
        try await perform { client in
            let reply = try client.write([
                "findAndModify": .string(MongoSchema.users),
                "query": .document(["_id": .id(id)]),
                "update": .document(update),
                "new": .bool(true),
            ])
            return try reply.optionalDocument("value").map { try User($0) }
        }
    }

    static func user(_ id: UserID, _ client: MongoClient) throws -> User? {
        try client.find(MongoSchema.users, ["_id": .id(id)]).first.map { try User($0) }
    }
}

/// The folded names that begin with a prefix and lie after a name. Strings are compared by the bytes of their UTF-8, which is the order
/// of their Unicode scalars.
struct FoldedRange {
    let prefix: String
    let after: String?

    var condition: BSONDocument {
        var condition: BSONDocument = [:]
        // A name below the prefix as the end of the page before it changes nothing.
        if let after, after.utf8.lexicographicallyPrecedes(prefix.utf8) == false {
            condition.append("$gt", .string(after))
        } else {
            condition.append("$gte", .string(prefix))
        }
        condition.append("$lt", ifPresent: Self.end(of: prefix).map(BSONValue.string))
        return condition
    }

    /// The first string above all that begin with `prefix`; nil where there is none.
    static func end(of prefix: String) -> String? {
        var scalars = Array(prefix.unicodeScalars)
        while let last = scalars.popLast() {
            // The surrogates lie between these two, and are no scalars.
            let next = last.value == 0xD7FF ? 0xE000 : last.value + 1
            guard let scalar = Unicode.Scalar(next) else { continue }
            var end = String.UnicodeScalarView()
            end.append(contentsOf: scalars)
            end.append(scalar)
            return String(end)
        }
        return nil
    }
}

extension User {
    init(_ document: BSONDocument) throws {
        guard let role = Role(rawValue: try document.text("role")) else { throw BSONDocument.damaged("role") }
        self.init(
            userID: try document.identifier("_id"),
            username: try document.text("username"),
            role: role,
            avatar: try document.optionalText("avatar"),
            isSuspended: try document.flag("suspended"),
            authEpoch: try document.integer("authEpoch"),
            createdAt: try document.time("createdAt")
        )
    }
}
