import Actors
import HTTPTypes
import Hummingbird

/// What a user sees and changes of the own account.
struct MeRoutes: Sendable {
    let store: any Store
    let moderation: Moderation
    let registry: Registry
    let instanceID: String
    let time: any TimeSource

    private struct Answer: Encodable {
        let user: UserPayload
        let session: SessionPayload
    }

    /// `avatar` may be null, which removes it, or missing, which leaves it.
    private struct Changes: Decodable {
        let avatar: String??

        private enum CodingKeys: CodingKey { case avatar }

        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            avatar = values.contains(.avatar) ? .some(try values.decodeIfPresent(String.self, forKey: .avatar)) : nil
        }
    }

    func add(to api: RouterGroup<APIContext>) {
        api.get("me") { _, context in try JSONBody.response(try await me(context.requirePrincipal())) }
        api.patch("me") { request, context in
            let principal = try context.requirePrincipal()
            let changes = try await JSONBody.decode(Changes.self, from: request)
            if let avatar = changes.avatar { try await set(avatar, of: principal) }
            return try JSONBody.response(try await me(principal))
        }
        api.get("me/sessions") { _, context in
            let principal = try context.requirePrincipal()
            let now = time.now()
            let sessions = try await asking { () async throws(StoreError) in
                try await store.sessions(of: principal.userID, validAt: now)
            }
            let connected = await registry.user(principal.userID)?.connectedSessions ?? []
            return try JSONBody.response([
                "sessions": sessions.map {
                    SessionPayload(
                        $0,
                        connectedTo: connected.contains($0.sessionID) ? instanceID : nil,
                        isCurrent: $0.sessionID == principal.sessionID
                    )
                }
            ])
        }
        api.delete("me/sessions/:sessionId") { _, context in
            let principal = try context.requirePrincipal()
            try await moderation.revokeOne(try context.id("sessionId", SessionID.self), of: principal.userID, by: nil)
            return Response(status: .noContent)
        }
    }

    private func me(_ principal: Principal) async throws(RequestError) -> Answer {
        let record = try await asking { () async throws(StoreError) in
            try await store.sessionRecord(principal.sessionID, of: principal.userID)
        }
        guard let record else { throw RequestError(.unauthenticated, "Log in first: the session is not valid.") }
        return Answer(user: UserPayload(record.user), session: SessionPayload(record.session, isCurrent: true))
    }

    private func set(_ avatar: String?, of principal: Principal) async throws(RequestError) {
        if let avatar {
            let isPlain = avatar.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "<") }
            guard avatar.hasPrefix("https://"), avatar.utf8.count > 8, avatar.utf8.count <= 500, isPlain else {
                throw RequestError(.badRequest, "avatar: an https URL of up to 500 characters, or null")
            }
        }
        _ = try await asking { () async throws(StoreError) in try await store.setAvatar(avatar, of: principal.userID) }
    }
}
