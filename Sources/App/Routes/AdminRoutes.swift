import Actors
import HTTPTypes
import Hummingbird

/// What admins see and order. Every route stands behind `AdminMiddleware`.
struct AdminRoutes: Sendable {
    let store: any Store
    let moderation: Moderation
    let registry: Registry
    let presence: PresenceHub
    let instanceID: String
    let time: any TimeSource

    /// How long the answer to an order that is carried out may wait to say where else the user was connected.
    private static let lookUpLimit = Duration.milliseconds(100)

    private struct UserLine: Encodable {
        let userId: String
        let username: String
        let role: String
        let suspended: Bool
        let online: Bool
        let sessions: Int
        let createdAt: String
    }

    private struct UserPage: Encodable {
        let users: [UserLine]
        /// Where the next page begins; missing on the last.
        let cursor: String?
    }

    private struct AuditPage: Encodable {
        let entries: [AuditPayload]
        let cursor: String?
    }

    private struct Order: Decodable {
        let reason: String?
    }

    private struct BanAnswer: Encodable {
        let user: UserPayload
        let closedHere: Int
        let otherInstances: [String]
    }

    private struct RevokeAnswer: Encodable {
        let revoked: Int
        let closedHere: Int
        let otherInstances: [String]
    }

    func add(to admin: RouterGroup<APIContext>) {
        admin.get("users") { request, _ in try JSONBody.response(try await users(request)) }
        admin.get("audit") { request, _ in try JSONBody.response(try await audit(request)) }
        admin.get("users/:userId/sessions") { _, context in
            try JSONBody.response(try await sessions(of: try context.id("userId", UserID.self)))
        }
        admin.post("users/:userId/ban") { request, context in
            let target = try context.id("userId", UserID.self)
            let admin = try context.requirePrincipal().userID
            guard target != admin else { throw RequestError(.forbidden, "You can't ban yourself.") }
            let others = presence.lookUpOtherInstances(of: target, than: instanceID)
            let outcome = try await moderation.ban(target, by: admin, reason: try await reason(request))
            return try JSONBody.response(
                BanAnswer(
                    user: UserPayload(outcome.user),
                    closedHere: outcome.closedHere,
                    otherInstances: await others.found(within: Self.lookUpLimit)
                )
            )
        }
        admin.post("users/:userId/unban") { request, context in
            let target = try context.id("userId", UserID.self)
            let outcome = try await moderation.unban(
                target,
                by: try context.requirePrincipal().userID,
                reason: try await reason(request)
            )
            return try JSONBody.response(
                BanAnswer(user: UserPayload(outcome.user), closedHere: outcome.closedHere, otherInstances: [])
            )
        }
        admin.post("users/:userId/revoke-sessions") { _, context in
            let target = try context.id("userId", UserID.self)
            let others = presence.lookUpOtherInstances(of: target, than: instanceID)
            let outcome = try await moderation.revokeAll(target, by: try context.requirePrincipal().userID)
            return try JSONBody.response(
                RevokeAnswer(
                    revoked: outcome.revoked,
                    closedHere: outcome.closedHere,
                    otherInstances: await others.found(within: Self.lookUpLimit)
                )
            )
        }
        admin.delete("users/:userId/sessions/:sessionId") { _, context in
            try await moderation.revokeOne(
                try context.id("sessionId", SessionID.self),
                of: try context.id("userId", UserID.self),
                by: try context.requirePrincipal().userID
            )
            return Response(status: .noContent)
        }
    }

    private func reason(_ request: Request) async throws -> String? {
        let reason = try await JSONBody.decodeIfPresent(Order.self, from: request).reason
        if let reason, reason.unicodeScalars.count > 500 {
            throw RequestError(.badRequest, "reason: at most 500 characters")
        }
        return reason
    }

    private func users(_ request: Request) async throws(RequestError) -> UserPage {
        let prefix = try request.text("q")
        let cursor = try request.text("cursor")
        let limit = try request.integer("limit", in: 1...200, default: 50)
        let now = time.now()
        let users = try await asking { () async throws(StoreError) in
            try await store.users(prefix: prefix, after: cursor.isEmpty ? nil : cursor, limit: limit)
        }
        let counts = try await asking { () async throws(StoreError) in
            try await store.sessionCounts(of: users.map(\.userID), validAt: now)
        }
        let online = await presence.online(among: users.map(\.userID))
        let lines = users.map { user in
            UserLine(
                userId: user.userID.description,
                username: user.username,
                role: user.role.rawValue,
                suspended: user.isSuspended,
                online: online.contains(user.userID),
                sessions: counts[user.userID] ?? 0,
                createdAt: user.createdAt.description
            )
        }
        return UserPage(users: lines, cursor: users.count == limit ? users.last?.username : nil)
    }

    private func sessions(of user: UserID) async throws(RequestError) -> [SessionPayload] {
        let now = time.now()
        guard try await asking({ () async throws(StoreError) in try await store.user(user) }) != nil else {
            throw RequestError(.notFound, "There is no user with this id.")
        }
        let sessions = try await asking { () async throws(StoreError) in try await store.sessions(of: user, validAt: now) }
        let connected = await registry.user(user)?.connectedSessions ?? []
        return sessions.map { SessionPayload($0, connectedTo: connected.contains($0.sessionID) ? instanceID : nil) }
    }

    private func audit(_ request: Request) async throws(RequestError) -> AuditPage {
        let cursor = try request.text("cursor")
        let limit = try request.integer("limit", in: 1...200, default: 50)
        let before = MessageID(cursor)
        guard cursor.isEmpty || before != nil else { throw RequestError(.badRequest, "cursor: as the last page gave it") }
        let entries = try await asking { () async throws(StoreError) in try await store.auditLog(before: before, limit: limit) }
        let names = try await names(of: Set(entries.flatMap { [$0.targetUserID] + ($0.adminID.map { [$0] } ?? []) }))
        return AuditPage(
            entries: entries.map { AuditPayload($0, names: names) },
            cursor: entries.count == limit ? entries.last?.entryID.description : nil
        )
    }

    private func names(of users: Set<UserID>) async throws(RequestError) -> [UserID: String] {
        var names: [UserID: String] = [:]
        for id in users {
            names[id] = try await asking { () async throws(StoreError) in try await store.user(id) }?.username
        }
        return names
    }
}
