import Actors
import NIOCore
import NIOPosix
import Transport

/// A person's WebSocket that makes load: what comes in is looked at as bytes, on its event loop.
final class LoadConnection: Sendable {
    /// What a frame of the server is, told by its first field.
    enum Kind: Sendable {
        case welcome
        case ack
        case message
        case error
        case other
    }

    private let connection: WebSocketConnection

    private init(_ connection: WebSocketConnection) {
        self.connection = connection
    }

    /// Connects and waits for `WELCOME`.
    ///
    /// - Parameter onFrame: called on the event loop with every later frame, but for `READ_RECEIPT`, `PRESENCE` and `CLUSTER_STATUS`: how
    ///   often they come is no matter of what is measured.
    static func connect(
        _ user: BenchUser,
        to base: String,
        path: String = "/ws",
        on loop: any EventLoop,
        onFrame: @escaping @Sendable (Kind, ByteBuffer) -> Void = { _, _ in }
    ) async throws -> LoadConnection {
        guard let url = WebSocketURL(base + path) else { throw BenchFailure("\(base) is no address") }
        var options = WebSocketClientOptions()
        options.connectTimeout = .seconds(30)
        let welcomed = loop.makePromise(of: Void.self)
        let connection: WebSocketConnection
        do {
            connection = try await WebSocketConnection.connect(
                to: url,
                headers: [("Authorization", "Bearer \(user.token)")],
                on: loop,
                options: options
            ) { frame in
                if frame.isAside { return }
                let kind = Kind(frame)
                if case .welcome = kind { welcomed.succeed() } else { onFrame(kind, frame) }
            }
        } catch {
            welcomed.fail(error)
            throw error
        }
        let deadline = loop.scheduleTask(in: .seconds(30)) {
            welcomed.fail(BenchFailure("no WELCOME within 30 s"))
        }
        defer { deadline.cancel() }
        try await welcomed.futureResult.get()
        return LoadConnection(connection)
    }

    func send(_ text: String) {
        connection.send(text: text)
    }

    func disconnect() {
        connection.disconnect()
    }

    /// A `MESSAGE_SEND` whose `ref` and content begin with its number.
    static func message(_ number: Int, id: String, to recipient: UserID) -> String {
        """
        {"type":"MESSAGE_SEND","ref":"\(number)","clientMessageId":"\(id)-\(number)","recipientId":"\(recipient)",\
        "content":"\(content(number))"}
        """
    }

    /// The same for a channel.
    static func message(_ number: Int, id: String, to channel: ChannelName) -> String {
        """
        {"type":"MESSAGE_SEND","ref":"\(number)","clientMessageId":"\(id)-\(number)","channelId":"ch:\(channel)",\
        "content":"\(content(number))"}
        """
    }

    /// What a message says; it begins with its number.
    static func content(_ number: Int) -> String {
        "\(number) \(filler)"
    }

    /// With the number before it about 100 bytes.
    private static let filler = String(repeating: "switchboard ", count: 8)
}

extension LoadConnection.Kind {
    /// The server writes `{"type":"` first.
    init(_ frame: ByteBuffer) {
        switch frame.getInteger(at: frame.readerIndex + 9, as: UInt16.self) {
        case 0x5745: self = .welcome
        case 0x4143: self = .ack
        case 0x4D45: self = .message
        case 0x4552: self = .error
        default: self = .other
        }
    }
}

extension ByteBuffer {
    /// Told by the first letters of its type: `READ`, `PRES`, `CLUS`.
    fileprivate var isAside: Bool {
        [0x5245_4144, 0x5052_4553, 0x434C_5553].contains(getInteger(at: readerIndex + 9, as: UInt32.self) ?? 0)
    }

    /// The number that follows the first `mark`; nil where there is none.
    func number(after mark: StaticString) -> Int? {
        withUnsafeReadableBytes { bytes in
            let length = mark.utf8CodeUnitCount
            let isHere = { (start: Int) in (0..<length).allSatisfy { bytes[start + $0] == mark.utf8Start[$0] } }
            guard bytes.count >= length, let found = (0...bytes.count - length).first(where: isHere) else { return nil }
            let digits = bytes[(found + length)...].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            guard !digits.isEmpty, digits.count < 18 else { return nil }
            return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        }
    }
}
