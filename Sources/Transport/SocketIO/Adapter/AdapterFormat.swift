/// How instances of Socket.IO tell each other over Redis what to emit.
package enum AdapterFormat: String, CaseIterable, Sendable {
    /// That of `createAdapter`, and of the Redis emitter.
    case classic
    /// That of `createShardedAdapter`, over Redis' sharded channels.
    case sharded

    /// Who this is to the other instances, which drop what comes from themselves.
    ///
    /// All instances of Switchboard are one: they tell each other over their own bus, and must not act on the adapter's messages of one
    /// another. No instance of Node.js has this one: theirs are random.
    package var uid: String {
        switch self {
        case .classic: "swtchb"
        case .sharded: "7377746368627264"
        }
    }
}
