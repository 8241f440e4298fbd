import Actors
import NIOHTTP1

@testable import App

/// Somebody with an account of a test's own.
struct Person: Sendable {
    static let password = "correct horse battery"

    let account: APIClient.Account
    /// The API as this person sees it.
    let api: APIClient

    var id: String { account.userID }
    var token: String { account.token }

    /// The conversation of two people.
    func conversation(with other: Person) throws -> String {
        guard let first = UserID(id), let second = UserID(other.id) else { throw APIClient.Failure(description: "no user id") }
        return ConversationID.direct(UserPair(first, second)).description
    }

    /// The whole conversation with somebody, as an instance tells it.
    func history(with other: Person, at base: String) async throws -> [JSONValue] {
        var messages: [JSONValue] = []
        while true {
            let path = "/api/conversations/\(try conversation(with: other))/messages?limit=200&after=\(messages.count)"
            let page = try await api.at(base).call(.GET, path)
            guard page.status == 200 else { throw APIClient.Failure(description: "the history was answered with \(page.status)") }
            messages += page.json["messages"].array
            guard page.json["hasMore"] == true else { return messages }
        }
    }

    /// Sends by HTTP; the content is the key of idempotency too.
    func send(_ content: String, to other: Person) async throws -> APIClient.Answer {
        try await api.call(
            .POST,
            "/api/messages",
            ["recipientId": .string(other.id), "content": .string(content), "clientMessageId": .string(content)]
        )
    }
}

extension APIClient {
    /// Registers somebody whom nobody else has heard of.
    func person(_ prefix: String = "p") async throws -> Person {
        let name = prefix + SystemRandomNumberGenerator.hexadecimal(bytes: 5)
        let account = try await register(name, password: Person.password)
        return Person(account: account, api: with(token: account.token))
    }
}
