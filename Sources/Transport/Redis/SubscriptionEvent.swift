/// What comes over a subscribed connection.
enum SubscriptionEvent: Sendable {
    /// Something was published on `channel`.
    case message(channel: String, payload: [UInt8])
    /// A change of the subscription, asked for later than the first one, is done for this channel.
    case changed(channel: String)
}
