/// One of Redis' ways to subscribe.
enum SubscriptionKind: CaseIterable, Sendable {
    case channels
    case patterns
    /// Channels of Redis 7 that stay on one node of a cluster.
    case shards

    /// What comes over a subscription.
    enum Push {
        case message(channel: String, payload: [UInt8])
        /// A change is done for this channel.
        case changed(channel: String)
    }

    var subscribe: String { prefix.uppercased() + "SUBSCRIBE" }

    var unsubscribe: String { prefix.uppercased() + "UNSUBSCRIBE" }

    /// What Redis calls a subscription that stands.
    static let confirmations = Set(allCases.map { $0.prefix + "subscribe" })

    private static let endings = Set(allCases.map { $0.prefix + "unsubscribe" })

    /// What a subscribed connection was sent; nil for anything else.
    static func push(_ parts: [RedisReply]) -> Push? {
        guard let word = parts.first?.text else { return nil }
        switch (word, parts.count) {
        case ("message", 3), ("smessage", 3):
            return message(channel: parts[1], payload: parts[2])
        case ("pmessage", 4):
            // The pattern comes before the channel.
            return message(channel: parts[2], payload: parts[3])
        case (_, 3) where confirmations.contains(word) || endings.contains(word):
            return parts[1].text.map { .changed(channel: $0) }
        default:
            return nil
        }
    }

    private static func message(channel: RedisReply, payload: RedisReply) -> Push? {
        guard let channel = channel.text, case .bulk(let payload) = payload else { return nil }
        return .message(channel: channel, payload: payload)
    }

    private var prefix: String {
        switch self {
        case .channels: ""
        case .patterns: "p"
        case .shards: "s"
        }
    }
}
