/// What a link's subscriptions bring.
enum SubscriptionEvent: Sendable {
    /// Something was published on `channel`.
    case message(channel: String, payload: [UInt8])
    /// A change of the subscription, asked for later than the first one, is done for this channel.
    case changed(channel: String)
    /// Redis has taken a sharded channel away as its slot moved; it is asked for again, which is told as `changed` when it is done.
    case interrupted(channel: String)
}
