import Actors
import Hummingbird

/// Finding people.
struct UserRoutes: Sendable {
    let store: any Store
    let registry: Registry

    func add(to api: RouterGroup<APIContext>) {
        api.get("users") { request, _ in
            let prefix = try request.text("q")
            let limit = try request.integer("limit", in: 1...100, default: 20)
            let users = try await asking { () async throws(StoreError) in
                try await store.users(prefix: prefix, after: nil, limit: limit)
            }
            var people: [PersonPayload] = []
            for user in users {
                let status = await registry.isHere(user.userID) ? "online" : "offline"
                people.append(PersonPayload(userId: user.userID.description, username: user.username, status: status))
            }
            return try JSONBody.response(["users": people])
        }
    }
}
