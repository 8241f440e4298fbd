/// What the server tells a client on a connection.
package enum Event: Sendable {
    case welcome(Welcome)
    /// The answer to a command that succeeded; `message` and `isDuplicate` for a send.
    case ack(ref: String?, message: Message?, isDuplicate: Bool)
    case error(ref: String?, RequestError)
    /// `showsClientMessageID`: only the sender's own sessions see it.
    case messageReceived(Message, showsClientMessageID: Bool)
    case pong(serverTime: Timestamp)
    case goAway(reason: String, reconnectAfter: Duration)
}

/// The first event of an authenticated connection.
package struct Welcome: Hashable, Sendable {
    package let principal: Principal
    package let instanceID: String
    package let heartbeat: Duration
    package let maxFrameBytes: Int
    package let serverTime: Timestamp
    package let stamp: Stamp

    package init(principal: Principal, instanceID: String, heartbeat: Duration, maxFrameBytes: Int, serverTime: Timestamp, stamp: Stamp) {
        self.principal = principal
        self.instanceID = instanceID
        self.heartbeat = heartbeat
        self.maxFrameBytes = maxFrameBytes
        self.serverTime = serverTime
        self.stamp = stamp
    }
}

/// An event for many connections, encoded once a protocol however many there are.
package final class SharedEvent: Sendable {
    package let event: Event
    private let encodings = Locked<[ObjectIdentifier: any Sendable]>([:])

    package init(_ event: Event) {
        self.event = event
    }

    /// The event as `encode` makes it; made at the first call for `Encoder`, the same value ever after.
    ///
    /// - Parameters:
    ///   - encoder: the type that stands for the protocol.
    ///   - encode: makes the bytes; must depend on the event alone.
    package func encoded<Encoder, Bytes: Sendable>(by encoder: Encoder.Type, _ encode: (Event) -> Bytes) -> Bytes {
        encodings.withLock { encodings in
            if let known = encodings[ObjectIdentifier(encoder)] as? Bytes { return known }
            let made = encode(event)
            encodings[ObjectIdentifier(encoder)] = made
            return made
        }
    }
}
