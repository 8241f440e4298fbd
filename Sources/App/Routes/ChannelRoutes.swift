import Actors
import HTTPTypes
import Hummingbird

/// Making channels and listing them.
struct ChannelRoutes: Sendable {
    let store: any Store
    let conversations: Conversations
    /// How many of these users are online, over all instances.
    let online: @Sendable ([UserID]) async -> Int

    private static let membersAtOnce = 1_000

    private struct Creation: Decodable {
        let name: String
        let title: String?
    }

    private struct Created: Encodable {
        let channelId: String
        let title: String
    }

    private struct Listed: Encodable {
        let channelId: String
        let title: String
        let members: Int
        let online: Int
    }

    func add(to api: RouterGroup<APIContext>) {
        api.post("channels") { request, context in
            let principal = try context.requirePrincipal()
            let creation = try await JSONBody.decode(Creation.self, from: request)
            let channel = try await conversations.createChannel(creation.name, title: creation.title, by: principal.userID)
            return try JSONBody.response(
                Created(channelId: ConversationID.channel(channel.name).description, title: channel.title),
                status: .created
            )
        }
        api.get("channels") { request, context in
            _ = try context.requirePrincipal()
            let after = try after(request)
            let limit = try request.integer("limit", in: 1...500, default: 200)
            let summaries = try await asking { () async throws(StoreError) in try await store.channels(after: after, limit: limit) }
            var listed: [Listed] = []
            for summary in summaries { listed.append(try await list(summary)) }
            return try JSONBody.response(["channels": listed])
        }
    }

    private func after(_ request: Request) throws(RequestError) -> ChannelName? {
        guard let text = request.uri.queryParameters["after"] else { return nil }
        guard case .channel(let name) = ConversationID(String(text)) else {
            throw RequestError(.badRequest, "after: the channelId of the last channel of the page before")
        }
        return name
    }

    private func list(_ summary: ChannelSummary) async throws(RequestError) -> Listed {
        Listed(
            channelId: ConversationID.channel(summary.channel.name).description,
            title: summary.channel.title,
            members: summary.members,
            online: try await countOnline(in: summary.channel.name)
        )
    }

    private func countOnline(in name: ChannelName) async throws(RequestError) -> Int {
        var count = 0
        var last: UserID?
        while true {
            let after = last
            let members = try await asking { () async throws(StoreError) in
                try await store.members(of: name, after: after, limit: Self.membersAtOnce)
            }
            count += await online(members)
            guard members.count == Self.membersAtOnce else { return count }
            last = members.last
        }
    }
}
