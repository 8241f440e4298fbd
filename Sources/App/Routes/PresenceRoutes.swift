import Actors
import Hummingbird

/// Who is online, over all instances.
struct PresenceRoutes: Sendable {
    /// The most ids that one request may name.
    private static let idLimit = 500

    let presence: PresenceHub

    private struct UserLine: Encodable {
        let userId: String
        let username: String?
        let status: String
        let lastSeen: String?

        init(_ record: PresenceRecord) {
            userId = record.userID.description
            username = record.username
            status = record.status.rawValue
            lastSeen = record.lastSeen?.description
        }
    }

    private struct OnlineAnswer: Encodable {
        let count: Int
        let users: [UserLine]
    }

    func add(to api: RouterGroup<APIContext>) {
        api.get("presence") { request, _ in
            let records = await presence.presence(of: try ids(request))
            return try JSONBody.response(["users": records.map(UserLine.init)])
        }
        api.get("presence/online") { request, _ in
            let limit = try request.integer("limit", in: 1...500, default: 100)
            let online = await presence.onlineUsers(limit: limit)
            return try JSONBody.response(OnlineAnswer(count: online.count, users: online.users.map(UserLine.init)))
        }
    }

    private func ids(_ request: Request) throws(RequestError) -> [UserID] {
        let text = try request.text("userIds", limit: Self.idLimit * 37)
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        let ids = parts.compactMap { UserID($0) }
        guard ids.count == parts.count, (1...Self.idLimit).contains(ids.count) else {
            throw RequestError(.badRequest, "userIds: 1 to \(Self.idLimit) ids of 36 lower-case characters, separated by commas")
        }
        var seen: Set<UserID> = []
        return ids.filter { seen.insert($0).inserted }
    }
}
