import AsyncHTTPClient
import NIOHTTP1

/// Reads over HTTP what the store holds, when nothing fails any more.
struct StoredHistory: Sendable {
    let http: HTTPClient
    /// Of the instances.
    let addresses: [String]

    func read(of clients: [ChaosClient]) async throws -> [String: [StoredMessage]] {
        var stored: [String: [StoredMessage]] = [:]
        for client in clients {
            for conversation in client.history.conversations where stored[conversation] == nil {
                stored[conversation] = try await read(conversation, as: client)
            }
        }
        return stored
    }

    private func read(_ conversation: String, as client: ChaosClient) async throws -> [StoredMessage] {
        let api = APIClient(http: http, base: addresses[client.number % addresses.count], token: client.logIn?.token)
        var messages: [StoredMessage] = []
        while true {
            let after = messages.last?.seq ?? 0
            let page = try await api.call(.GET, "/api/conversations/\(conversation)/messages?limit=200&after=\(after)")
            guard page.status == 200 else { throw APIClient.Failure(description: "the history was answered with \(page.status)") }
            let found = page.json["messages"].array.map { message in
                StoredMessage(
                    seq: message["seq"].integer ?? 0,
                    messageID: message["messageId"].string ?? "",
                    senderID: message["senderId"].string ?? ""
                )
            }
            messages += found
            guard page.json["hasMore"] == true, !found.isEmpty else { return messages }
        }
    }
}
