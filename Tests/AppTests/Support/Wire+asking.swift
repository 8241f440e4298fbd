import NIOHTTP1
import Transport

@testable import App

extension Wire {
    /// Connects and waits for `WELCOME`.
    static func welcomed(_ person: Person, at base: String, resumes: Bool = false) async throws -> Wire {
        let wire = try await connect(to: base, path: resumes ? "/ws?resume=1" : "/ws", token: person.token)
        try await wire.frame("WELCOME")
        return wire
    }

    /// Sends a frame under a `ref` of its own and waits for what answers it.
    func ask(_ frame: JSONValue) async throws -> JSONValue {
        let ref = SystemRandomNumberGenerator.hexadecimal(bytes: 8)
        try send(frame.adding("ref", .string(ref)))
        return try await within(.seconds(30), "the answer to \(frame["type"].string ?? "")") { [inbox] in
            try await inbox.first { $0["ref"].string == ref }
        }
    }

    /// As `ask`, of which the answer has to be of this type.
    @discardableResult
    func ask(_ frame: JSONValue, answeredBy type: String) async throws -> JSONValue {
        let answer = try await ask(frame)
        guard answer["type"].string == type else {
            throw APIClient.Failure(description: "\(frame["type"].string ?? "") was answered by \(try answer.text())")
        }
        return answer
    }

    @discardableResult
    func join(_ channel: String, since: Int64? = nil) async throws -> JSONValue {
        let frame: JSONValue = ["type": "CHANNEL_JOIN", "channelId": .string(channel)]
        return try await ask(since.map { frame.adding("since", .integer($0)) } ?? frame, answeredBy: "CHANNEL_JOINED")
    }

    /// Sends to a channel and gives the stored message; the content is the key of idempotency too.
    @discardableResult
    func post(_ content: String, in channel: String) async throws -> JSONValue {
        try await ask(
            [
                "type": "MESSAGE_SEND", "clientMessageId": .string(content), "channelId": .string(channel), "content": .string(content),
            ],
            answeredBy: "ACK"
        )["message"]
    }

    /// The same to a person.
    @discardableResult
    func post(_ content: String, to person: Person) async throws -> JSONValue {
        try await ask(
            [
                "type": "MESSAGE_SEND", "clientMessageId": .string(content), "recipientId": .string(person.id),
                "content": .string(content),
            ],
            answeredBy: "ACK"
        )["message"]
    }

    /// Waits for the message with this content and gives it.
    @discardableResult
    func message(_ content: String) async throws -> JSONValue {
        try await frame("MESSAGE_RECEIVE") { $0["message"]["content"].string == content }["message"]
    }

    /// The numbers of the messages of a conversation that came, in their order.
    func seqs(in conversation: String) -> [Int64] {
        frames("MESSAGE_RECEIVE").map { $0["message"] }.filter { $0["conversationId"].string == conversation }.compactMap {
            $0["seq"].integer
        }
    }
}

extension Person {
    /// Makes a channel that nobody else has heard of, and gives its `channelId`.
    func channel(_ prefix: String = "c-") async throws -> String {
        let name = prefix + SystemRandomNumberGenerator.hexadecimal(bytes: 5)
        let answer = try await api.call(.POST, "/api/channels", ["name": .string(name)])
        guard answer.status == 201, let channel = answer.json["channelId"].string else {
            throw APIClient.Failure(description: "POST /api/channels answered \(answer.status) \(answer.code ?? "")")
        }
        return channel
    }
}
