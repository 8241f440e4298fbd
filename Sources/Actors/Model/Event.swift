/// What the server tells a client on a connection.
package enum Event: Sendable {
    case welcome(Welcome)
    /// The answer to a command that succeeded; `message` and `isDuplicate` for a send.
    case ack(ref: String?, message: Message?, isDuplicate: Bool)
    case error(ref: String?, RequestError)
    /// `showsClientMessageID`: only the sender's own sessions see it. `isReplayed`: it may be older than what the session has had.
    case messageReceived(Message, showsClientMessageID: Bool, isReplayed: Bool)
    /// After an edit, a deletion or a reaction.
    case messageUpdated(Message, showsClientMessageID: Bool)
    case typing(ConversationID, UserID, isTyping: Bool)
    case readReceipt(ReadCursor)
    case channelJoined(ref: String?, ChannelName, lastSeq: Int64, members: Int)
    case presence(UserPresence)
    case presenceState(ref: String?, [UserPresence])
    case synced(ref: String?, Synced)
    /// Whether this instance's bus is down.
    case clusterStatus(isDegraded: Bool)
    case pong(ref: String?, serverTime: Timestamp)
    case goAway(reason: String, reconnectAfter: Duration)
}

extension Event {
    /// What the client gave with the command that this answers.
    package var ref: String? {
        switch self {
        case .ack(let ref, _, _), .error(let ref, _), .channelJoined(let ref, _, _, _), .presenceState(let ref, _), .synced(let ref, _),
            .pong(let ref, _):
            ref
        case .welcome, .messageReceived, .messageUpdated, .typing, .readReceipt, .presence, .clusterStatus, .goAway:
            nil
        }
    }

    /// Whether a slow client must have it all the same: what it shows of others for a moment is left out first.
    package var isEssential: Bool {
        switch self {
        case .typing, .presence: false
        default: true
        }
    }
}

/// The first event of an authenticated connection.
package struct Welcome: Hashable, Sendable {
    package let principal: Principal
    package let instanceID: String
    package let heartbeat: Duration
    package let maxFrameBytes: Int
    package let serverTime: Timestamp
    /// Nil where the session waits for its `SYNC`.
    package let stamp: Stamp?

    package init(
        principal: Principal,
        instanceID: String,
        heartbeat: Duration,
        maxFrameBytes: Int,
        serverTime: Timestamp,
        stamp: Stamp?
    ) {
        self.principal = principal
        self.instanceID = instanceID
        self.heartbeat = heartbeat
        self.maxFrameBytes = maxFrameBytes
        self.serverTime = serverTime
        self.stamp = stamp
    }
}

/// The end of a `SYNC`: how far the session is now.
package struct Synced: Hashable, Sendable {
    /// Of each conversation that something was missed in: everything up to this number is with the client.
    package let cursors: [ConversationID: Int64]
    package let stamp: Stamp
    /// False where more was missed than one `SYNC` brings: the client pages the rest over HTTP.
    package let isComplete: Bool

    package init(cursors: [ConversationID: Int64], stamp: Stamp, isComplete: Bool) {
        self.cursors = cursors
        self.stamp = stamp
        self.isComplete = isComplete
    }
}

/// An event for many connections, encoded once a protocol however many there are.
package final class SharedEvent: Sendable {
    package let event: Event
    /// As the event's own.
    package let isEssential: Bool
    /// Who sent the message that has come; nil for another event.
    let sender: UserID?
    /// Of the message that has come in its turn; nil for another event.
    package let place: MessagePlace?
    private let encodings = Locked<[ObjectIdentifier: any Sendable]>([:])

    package init(_ event: Event) {
        self.event = event
        isEssential = event.isEssential
        if case .messageReceived(let message, _, let isReplayed) = event {
            sender = message.senderID
            place = isReplayed ? nil : message.place
        } else {
            sender = nil
            place = nil
        }
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
