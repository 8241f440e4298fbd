import NIOCore

/// How a measured server's clients speak to it.
enum FanoutDialect: Sendable {
    case switchboard
    /// JSON frames of our own, which the server on Node.js takes.
    case plain
    /// `joins`: it asks to be let into the channel, instead of being a member already.
    case socketIO(joins: Bool)

    /// What a client does when a frame has come.
    enum Reaction: Sendable {
        /// It can ask for something.
        case connected
        /// It is in a channel.
        case joined
        case answer(String)
        /// A message whose content begins with this number.
        case delivered(Int)
        case nothing
    }

    static let channelName = "bench-fanout"

    var path: String {
        switch self {
        case .switchboard: "/ws"
        case .plain: "/"
        case .socketIO: "/socket.io/?EIO=4&transport=websocket"
        }
    }

    /// Whether a client asks to be let into a channel, instead of being a member already.
    var joins: Bool {
        switch self {
        case .switchboard, .socketIO(joins: false): false
        case .plain, .socketIO: true
        }
    }

    /// Whether the server says nothing before a client may ask for something.
    var isConnectedByUpgrade: Bool {
        if case .plain = self { true } else { false }
    }

    /// What a client says to be let into a channel.
    func joining(_ channel: String) -> String {
        switch self {
        case .switchboard, .plain: #"{"type":"join","channelId":"\#(channel)"}"#
        case .socketIO: #"42["join_channel","\#(channel)"]"#
        }
    }

    func message(_ number: Int, in channel: String = Self.channelName) -> String {
        let content = LoadConnection.content(number)
        switch self {
        case .switchboard:
            return """
                {"type":"MESSAGE_SEND","clientMessageId":"fanout-\(number)","channelId":"ch:\(channel)","content":"\(content)"}
                """
        case .plain: return #"{"type":"send","channelId":"\#(channel)","content":"\#(content)"}"#
        case .socketIO(joins: false):
            return """
                42["send_message",{"clientMessageId":"fanout-\(number)","channelId":"ch:\(channel)","content":"\(content)"}]
                """
        case .socketIO: return #"42["send_message",{"channelId":"\#(channel)","content":"\#(content)"}]"#
        }
    }

    func reaction(to frame: ByteBuffer) -> Reaction {
        // Its sender is told the whole message, which is no delivery.
        if case .switchboard = self, LoadConnection.Kind(frame) == .ack { return .nothing }
        if let number = frame.number(after: #""content":""#) { return .delivered(number) }
        switch self {
        case .switchboard: return LoadConnection.Kind(frame) == .welcome ? .connected : .nothing
        case .plain: return .joined
        case .socketIO:
            switch frame.getString(at: frame.readerIndex, length: min(2, frame.readableBytes)) {
            case "0{": return .answer("40")
            case "40": return .connected
            case "42": return .joined
            case "2": return .answer("3")
            default: return .nothing
            }
        }
    }
}
