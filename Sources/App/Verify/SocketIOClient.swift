import FoundationEssentials
import NIOCore
import NIOFoundationCompat
import Synchronization
import Transport

/// One person's Socket.IO connection over WebSocket, as a client library of theirs would use it.
final class SocketIOClient: Sendable {
    private let connection: WebSocketConnection
    private let inbox: FrameInbox
    private let lastAck = Atomic<Int64>(0)

    private init(connection: WebSocketConnection, inbox: FrameInbox) {
        self.connection = connection
        self.inbox = inbox
    }

    /// Connects and joins the main namespace.
    ///
    /// - Parameters:
    ///   - base: the instance's address: `http://localhost:8000`.
    ///   - path: `SOCKETIO_PATH`.
    /// - Throws: also where the namespace was refused, naming the code.
    static func connect(to base: String, path: String = "/socket.io/", token: String) async throws -> SocketIOClient {
        guard let url = WebSocketURL(base + path + "?EIO=4&transport=websocket") else {
            throw APIClient.Failure(description: "\(base) is no address")
        }
        let inbox = FrameInbox()
        let pongs = Pongs()
        let connection = try await WebSocketConnection.connect(to: url) { message in
            if message == ByteBuffer(string: "2") { return pongs.answer() }
            if let packet = packet(message) { inbox.add(packet) }
        }
        pongs.set(connection)
        connection.send(text: "40" + (try JSONValue.object(["token": .string(token)]).text()))
        let answer = try await within(.seconds(5), "the answer to CONNECT") { try await inbox.first { $0["packet"] != "event" } }
        guard answer["packet"] == "0" else {
            connection.disconnect()
            throw Refused(code: answer["data"]["data"]["code"].string ?? "?")
        }
        return SocketIOClient(connection: connection, inbox: inbox)
    }

    /// The namespace was refused.
    struct Refused: Error, CustomStringConvertible {
        let code: String
        var description: String { "CONNECT was refused with \(code)" }
    }

    /// Emits an event and waits for its acknowledgement.
    func ask(_ event: String, _ argument: JSONValue) async throws -> JSONValue {
        let id = "\(lastAck.wrappingAdd(1, ordering: .relaxed).newValue)"
        connection.send(text: "42\(id)" + (try JSONValue.array([.string(event), argument]).text()))
        return try await within(.seconds(5), "the answer to \(event)") { [inbox] in
            try await inbox.first { $0["packet"] == "3" && $0["ack"].string == id }
        }["data"]
    }

    /// The argument of the first event of a name, one that came already included.
    func event(
        _ name: String,
        timeout: Duration = .seconds(5),
        where isMeant: @escaping @Sendable (JSONValue) -> Bool = { _ in true }
    ) async throws -> JSONValue {
        try await within(timeout, name) { [inbox] in
            try await inbox.first { $0["packet"] == "event" && $0["name"].string == name && isMeant($0["data"]) }
        }["data"]
    }

    /// Whether the server has sent its DISCONNECT.
    var hasLeft: Bool { inbox.frames.contains { $0["packet"] == "1" } }

    /// How the server ended the connection.
    func closed(timeout: Duration = .seconds(6)) async throws -> WebSocketClose {
        try await within(timeout, "the close") { [connection] in await connection.closed() }
    }

    func disconnect() {
        connection.disconnect()
    }

    /// What is in a packet of the main namespace; nil for packets of Engine.IO alone.
    private static func packet(_ message: ByteBuffer) -> JSONValue? {
        let text = String(buffer: message)
        guard text.first == "4", let kind = text.dropFirst().first else { return nil }
        let rest = text.dropFirst(2)
        let id = rest.prefix { $0.isASCII && $0.isNumber }
        let data = (try? JSONValue(parsing: Data(rest.dropFirst(id.count).utf8))) ?? .null
        switch kind {
        case "2": return ["packet": "event", "name": data.array.first ?? .null, "data": data.array.dropFirst().first ?? .null]
        case "3": return ["packet": "3", "ack": .string(String(id)), "data": data.array.first ?? .null]
        default: return ["packet": .string(String(kind)), "data": data]
        }
    }
}

/// Answers pings as soon as there is a connection to do so.
private final class Pongs: Sendable {
    private let connection = Mutex<WebSocketConnection?>(nil)

    func set(_ connection: WebSocketConnection) {
        self.connection.withLock { $0 = connection }
    }

    func answer() {
        connection.withLock { $0 }?.send(text: "3")
    }
}
