/// What a client asks for on a connection.
package enum Command: Hashable, Sendable {
    case authenticate(token: String)
    case send(SendCommand)
    case conversation(ConversationCommand)
    case typing(ConversationID, isTyping: Bool)
    case presence(PresenceCommand)
    case sync(SyncCommand)
    case ping
}

extension Command {
    /// Whether it reads or writes what others see.
    package var needsStore: Bool {
        switch self {
        case .authenticate, .ping: false
        case .send, .conversation, .typing, .presence, .sync: true
        }
    }

    /// Whether further parts follow, where it is a part of a `SYNC`; else nil.
    package var syncHasMore: Bool? {
        guard case .sync(let part) = self else { return nil }
        return part.hasMore
    }
}

/// Whom a message is for.
package enum Destination: Hashable, Sendable {
    case user(UserID)
    case channel(ChannelName)
}

/// A message that a client wants stored and delivered.
package struct SendCommand: Hashable, Sendable {
    package let clientMessageID: ClientMessageID
    package let content: String
    package let destination: Destination

    package init(clientMessageID: ClientMessageID, content: String, destination: Destination) {
        self.clientMessageID = clientMessageID
        self.content = content
        self.destination = destination
    }
}

/// What a client does in a conversation other than to send.
package enum ConversationCommand: Hashable, Sendable {
    case edit(MessageID, in: ConversationID, content: String)
    case delete(MessageID, in: ConversationID)
    case react(MessageID, in: ConversationID, emoji: String, adds: Bool)
    /// `since`: the number above which the client wants what it missed.
    case join(ChannelName, since: Int64?)
    case leave(ChannelName)
    case read(ConversationID, upTo: Int64)
}

/// What a client says of itself or wants to know of others.
package enum PresenceCommand: Hashable, Sendable {
    /// The most users that one connection may watch.
    package static let watchLimit = 500

    /// Never `.offline`.
    case set(PresenceStatus)
    case watch([UserID])
    case unwatch([UserID])
}

/// Where a client that was away stands.
package struct SyncCommand: Hashable, Sendable {
    /// The number in each conversation below which the client has everything.
    package let cursors: [ConversationID: Int64]
    /// From an earlier connection: other conversations are caught up with from there.
    package let stamp: Stamp?
    /// Whether further parts follow; they count as one command.
    package let hasMore: Bool

    package init(cursors: [ConversationID: Int64], stamp: Stamp?, hasMore: Bool) {
        self.cursors = cursors
        self.stamp = stamp
        self.hasMore = hasMore
    }
}

/// One decoded frame of a client: the command, or why it is refused.
package struct ClientFrame: Sendable {
    /// Given back in the answer.
    package var ref: String?
    package let command: Result<Command, RequestError>
    private let refusedSyncHasMore: Bool?

    /// - Parameter refusedSyncHasMore: of a part of a `SYNC` that is refused, whether further parts follow; nil for other frames.
    package init(ref: String?, command: Result<Command, RequestError>, refusedSyncHasMore: Bool? = nil) {
        self.ref = ref
        self.command = command
        self.refusedSyncHasMore = refusedSyncHasMore
    }

    /// Whether further parts follow, where it is a part of a `SYNC`, be that a refused one; else nil.
    package var syncHasMore: Bool? {
        switch command {
        case .success(let command): command.syncHasMore
        case .failure: refusedSyncHasMore
        }
    }
}
