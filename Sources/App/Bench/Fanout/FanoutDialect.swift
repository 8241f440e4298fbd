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
        /// It is in the channel.
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

    /// What a client says first.
    var greeting: String? {
        switch self {
        case .switchboard, .socketIO: nil
        case .plain: #"{"type":"join","channelId":"\#(Self.channelName)"}"#
        }
    }

    func message(_ number: Int) -> String {
        let content = LoadConnection.content(number)
        switch self {
        case .switchboard:
            return """
                {"type":"MESSAGE_SEND","clientMessageId":"fanout-\(number)","channelId":"ch:\(Self.channelName)","content":"\(content)"}
                """
        case .plain: return #"{"type":"send","channelId":"\#(Self.channelName)","content":"\#(content)"}"#
        case .socketIO(joins: false):
            return """
                42["send_message",{"clientMessageId":"fanout-\(number)","channelId":"ch:\(Self.channelName)","content":"\(content)"}]
                """
        case .socketIO: return #"42["send_message",{"channelId":"\#(Self.channelName)","content":"\#(content)"}]"#
        }
    }

    func reaction(to frame: ByteBuffer) -> Reaction {
        if let number = frame.number(after: #""content":""#) { return .delivered(number) }
        switch self {
        case .switchboard: return LoadConnection.Kind(frame) == .welcome ? .joined : .nothing
        case .plain: return .joined
        case .socketIO(let joins):
            switch frame.getString(at: frame.readerIndex, length: min(2, frame.readableBytes)) {
            case "0{": return .answer("40")
            case "40" where !joins: return .joined
            case "40": return .answer(#"42["join_channel","\#(Self.channelName)"]"#)
            case "42": return .joined
            case "2": return .answer("3")
            default: return .nothing
            }
        }
    }
}
