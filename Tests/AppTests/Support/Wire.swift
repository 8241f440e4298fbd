import FoundationEssentials
import NIOCore
import NIOFoundationCompat
import Transport

@testable import App

/// A WebSocket to which a test writes anything, and of which it sees every frame.
struct Wire: Sendable {
    let connection: WebSocketConnection
    let inbox: FrameInbox

    /// Connects without waiting for a frame.
    static func connect(
        to base: String,
        path: String = "/ws",
        token: String? = nil,
        headers: [(String, String)] = [],
        subprotocols: [String] = [],
        options: WebSocketClientOptions = WebSocketClientOptions()
    ) async throws -> Wire {
        guard let url = WebSocketURL(base + path) else { throw APIClient.Failure(description: "\(base) is no address") }
        let inbox = FrameInbox()
        let connection = try await WebSocketConnection.connect(
            to: url,
            headers: headers + (token.map { [("Authorization", "Bearer \($0)")] } ?? []),
            subprotocols: subprotocols,
            options: options
        ) { bytes in
            inbox.add((try? JSONValue(parsing: Data(buffer: bytes))) ?? .null)
        }
        return Wire(connection: connection, inbox: inbox)
    }

    func send(_ frame: JSONValue) throws {
        connection.send(text: try frame.text())
    }

    /// Asks for a message to be stored; its `ref` is the key of idempotency too.
    func post(_ content: String, id: String, to recipient: String) throws {
        try send([
            "type": "MESSAGE_SEND", "ref": .string(id), "clientMessageId": .string(id), "recipientId": .string(recipient),
            "content": .string(content),
        ])
    }

    /// The first frame that satisfies the condition, one that came already included.
    @discardableResult
    func frame(
        _ type: String,
        timeout: Duration = .seconds(30),
        where isMeant: @escaping @Sendable (JSONValue) -> Bool = { _ in true }
    ) async throws -> JSONValue {
        try await within(timeout, type) { [inbox] in
            try await inbox.first { $0["type"].string == type && isMeant($0) }
        }
    }

    /// Waits for the answer to a `PING`.
    func ping() async throws {
        let pongs = frames("PONG").count
        try send(["type": "PING"])
        try await eventually(within: .seconds(30), "the answer to a PING") { frames("PONG").count > pongs }
    }

    func frames(_ type: String) -> [JSONValue] {
        inbox.frames.filter { $0["type"].string == type }
    }

    /// How the server ended the connection.
    func closed(timeout: Duration = .seconds(30)) async throws -> WebSocketClose {
        try await within(timeout, "the close") { [connection] in await connection.closed() }
    }

    /// The status of the answer to an upgrade that has to be refused, and the code in it.
    static func refusal(
        at base: String,
        path: String = "/ws",
        token: String? = nil,
        headers: [(String, String)] = [],
        subprotocols: [String] = []
    ) async throws -> (status: Int?, code: String?) {
        do {
            let wire = try await connect(to: base, path: path, token: token, headers: headers, subprotocols: subprotocols)
            wire.connection.disconnect()
            return (101, nil)
        } catch let error as WebSocketConnectError {
            let json = error.response.flatMap { try? JSONValue(parsing: Data($0.body.utf8)) }
            return (error.response?.status, json?["error"]["code"].string)
        }
    }
}
