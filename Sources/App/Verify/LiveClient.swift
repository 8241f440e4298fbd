import FoundationEssentials
import NIOCore
import NIOFoundationCompat
import Transport

/// One person's WebSocket, as a program of theirs would use it.
final class LiveClient: Sendable {
    private let connection: WebSocketConnection
    private let inbox: FrameInbox

    private init(connection: WebSocketConnection, inbox: FrameInbox) {
        self.connection = connection
        self.inbox = inbox
    }

    /// Connects and waits for `WELCOME`.
    ///
    /// - Parameter base: the instance's address: `http://localhost:8000`.
    static func connect(to base: String, token: String) async throws -> LiveClient {
        guard let url = WebSocketURL(base + "/ws") else { throw APIClient.Failure(description: "\(base) is no address") }
        let inbox = FrameInbox()
        let connection = try await WebSocketConnection.connect(to: url, headers: [("Authorization", "Bearer \(token)")]) { bytes in
            inbox.add((try? JSONValue(parsing: Data(buffer: bytes))) ?? .null)
        }
        let client = LiveClient(connection: connection, inbox: inbox)
        _ = try await client.frame("WELCOME")
        return client
    }

    func send(_ frame: JSONValue) throws {
        connection.send(text: try frame.text())
    }

    /// Sends a direct message and waits for its `ACK`.
    func send(_ content: String, to recipient: String, id: String) async throws -> JSONValue {
        try send([
            "type": "MESSAGE_SEND", "ref": .string(id), "clientMessageId": .string(id), "recipientId": .string(recipient),
            "content": .string(content),
        ])
        let answer = try await within(.seconds(5), "the answer to \(id)") { [inbox] in
            try await inbox.first { $0["ref"].string == id && $0["type"] != "PONG" }
        }
        guard answer["type"] == "ACK" else { throw APIClient.Failure(description: "answered \(answer["code"].string ?? "?")") }
        return answer
    }

    /// The first frame of a type, one that came already included.
    func frame(
        _ type: String,
        timeout: Duration = .seconds(5),
        where isMeant: @escaping @Sendable (JSONValue) -> Bool = { _ in true }
    ) async throws -> JSONValue {
        try await within(timeout, type) { [inbox] in
            try await inbox.first { $0["type"].string == type && isMeant($0) }
        }
    }

    /// The message with this content, as it was delivered.
    func message(_ content: String, timeout: Duration = .seconds(5)) async throws -> JSONValue {
        try await frame("MESSAGE_RECEIVE", timeout: timeout) { $0["message"]["content"].string == content }["message"]
    }

    /// The first frame that satisfies the condition, one that came already included.
    func first(where isMet: @escaping @Sendable (JSONValue) -> Bool) async throws -> JSONValue {
        try await inbox.first(where: isMet)
    }

    /// Everything that came so far.
    var frames: [JSONValue] { inbox.frames }

    /// How often a message with this content was delivered so far.
    func deliveries(of content: String) -> Int {
        inbox.frames.count { $0["type"] == "MESSAGE_RECEIVE" && $0["message"]["content"].string == content }
    }

    /// Whether the connection still answers.
    func isAlive() async -> Bool {
        let pongs = inbox.frames.count { $0["type"] == "PONG" }
        guard (try? send(["type": "PING"])) != nil else { return false }
        for _ in 0..<2 {
            guard (try? await frame("PONG", timeout: .seconds(2))) != nil else { return false }
            if inbox.frames.count(where: { $0["type"] == "PONG" }) > pongs { return true }
        }
        return false
    }

    /// The codes of the errors that came so far.
    var errorCodes: [String] {
        inbox.frames.filter { $0["type"] == "ERROR" }.compactMap { $0["code"].string }
    }

    /// How the server ended the connection.
    func closed(timeout: Duration = .seconds(6)) async throws -> WebSocketClose {
        try await within(timeout, "the close") { [connection] in await connection.closed() }
    }

    func disconnect() {
        connection.disconnect()
    }
}
