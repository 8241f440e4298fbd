/// What a connection brings that nobody asked for with a command of its own.
enum ConnectionEvent: Sendable {
    /// Something was published on `channel`.
    case message(channel: String, payload: [UInt8])
    /// A change of the subscription, asked for later than the first one, is done for this channel.
    case changed(channel: String)
    /// Over a connection that listens: what `ShardSubscriptions` looks after.
    case shard(ShardReply)
}

extension SubscriptionEvent {
    /// Nil for what isn't told of a connection with one subscription.
    init?(_ event: ConnectionEvent) {
        switch event {
        case .message(let channel, let payload): self = .message(channel: channel, payload: payload)
        case .changed(let channel): self = .changed(channel: channel)
        case .shard: return nil
        }
    }
}
