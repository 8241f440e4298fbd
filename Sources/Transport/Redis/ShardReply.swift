/// What comes over a connection that listens to sharded channels.
package enum ShardReply: Hashable, Sendable {
    case message(channel: String, payload: [UInt8])
    case subscribed(String)
    /// Asked for, or because the channel's slot is no longer served there.
    case unsubscribed(String)
    /// The answer to a change of the subscription that is not done.
    case refused(RedisReply)
    /// The answer to `PING`.
    case pong

    /// Nil for anything else.
    package init?(_ reply: RedisReply) {
        switch reply {
        case .error:
            self = .refused(reply)
        case .status("PONG"):
            self = .pong
        case .array(let parts):
            switch (parts.first?.text, parts.count) {
            case ("smessage", 3):
                guard let channel = parts[1].text, case .bulk(let payload) = parts[2] else { return nil }
                self = .message(channel: channel, payload: payload)
            case ("ssubscribe", 3):
                guard let channel = parts[1].text else { return nil }
                self = .subscribed(channel)
            case ("sunsubscribe", 3):
                guard let channel = parts[1].text else { return nil }
                self = .unsubscribed(channel)
            // How a connection that is subscribed to something answers.
            case ("pong", 2):
                self = .pong
            default:
                return nil
            }
        case .status, .integer, .bulk, .null:
            return nil
        }
    }
}
