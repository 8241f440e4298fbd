import Actors
import AsyncHTTPClient
import NIOHTTP1

/// The people of a run, and who talks with whom.
struct ChaosSetUp: Sendable {
    private static let membersOfChannel = 12

    let plan: ChaosRun.Plan
    let cluster: ChaosCluster
    let clock: RunClock

    private var visitor: APIClient { APIClient(http: .shared, base: cluster.instances[0].url) }

    func admin() async throws -> APIClient {
        visitor.with(token: try await visitor.logIn(ChaosCluster.adminName, password: cluster.adminPassword).token)
    }

    /// Registers everybody; each talks with two others and, some of them, in channels.
    func makeClients(channels: Int, admin: APIClient) async throws -> [ChaosClient] {
        let interval = Duration.seconds(1) * Double(plan.clients) / plan.rate
        var clients: [ChaosClient] = []
        var accounts: [APIClient.Account] = []
        for number in 0..<plan.clients {
            let account = try await visitor.register("chaos-\(number)", password: ChaosClient.password)
            accounts.append(account)
            clients.append(
                ChaosClient(
                    number: number,
                    account: account,
                    api: visitor,
                    addresses: cluster.instances.map(\.url),
                    clock: clock,
                    interval: interval
                )
            )
        }
        for client in clients {
            // A ring: each has the one before and the one after.
            try pair(client, clients[(client.number + 1) % clients.count])
        }
        for channel in 0..<channels {
            let name = "chaos-\(channel)"
            let answer = try await admin.call(.POST, "/api/channels", ["name": .string(name)])
            guard answer.status == 201 else { throw APIClient.Failure(description: "a channel was answered with \(answer.status)") }
            let members = (0..<min(Self.membersOfChannel, clients.count)).map { (channel + $0 * channels) % clients.count }
            for member in Set(members) {
                try await enter(name, token: accounts[member].token)
                clients[member].join("ch:\(name)", destination: ["channelId": .string("ch:\(name)")])
            }
        }
        return clients
    }

    private func pair(_ one: ChaosClient, _ other: ChaosClient) throws {
        guard let first = UserID(one.userID), let second = UserID(other.userID) else { throw APIClient.Failure(description: "no user id") }
        let conversation = ConversationID.direct(UserPair(first, second)).description
        one.join(conversation, destination: ["recipientId": .string(other.userID)])
        other.join(conversation, destination: ["recipientId": .string(one.userID)])
    }

    private func enter(_ channel: String, token: String) async throws {
        let live = try await LiveClient.connect(to: visitor.base, token: token)
        try live.send(["type": "CHANNEL_JOIN", "channelId": .string("ch:\(channel)")])
        _ = try await live.frame("CHANNEL_JOINED")
        live.disconnect()
    }
}
