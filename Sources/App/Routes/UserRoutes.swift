import Actors
import Hummingbird

/// Finding people.
struct UserRoutes: Sendable {
    let store: any Store
    let presence: PresenceHub

    func add(to api: RouterGroup<APIContext>) {
        api.get("users") { request, _ in
            let prefix = try request.text("q")
            let limit = try request.integer("limit", in: 1...100, default: 20)
            let users = try await asking { () async throws(StoreError) in
                try await store.users(prefix: prefix, after: nil, limit: limit)
            }
            let statuses = await presence.presence(of: users.map(\.userID)).map(\.status)
            let people = zip(users, statuses).map { user, status in
                PersonPayload(userId: user.userID.description, username: user.username, status: status.rawValue)
            }
            return try JSONBody.response(["users": people])
        }
    }
}
