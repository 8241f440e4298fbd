/// What instances tell each other: a hint that something is in the store now.
package enum BusEvent: Sendable {
    case message(Message)
    case kick(Kick)
    case chat(ChatEvent)
    case presence(PresenceEvent)
}

/// Events that are consumed by a task of their own, so that none waits behind another kind.
package enum BusFamily: Hashable, Sendable, CaseIterable {
    case messages
    case kicks
    case chat
    case presence
}

extension BusEvent {
    package var family: BusFamily {
        switch self {
        case .message: .messages
        case .kick: .kicks
        case .chat: .chat
        case .presence: .presence
        }
    }
}

/// What happens in a conversation other than a new message.
package enum ChatEvent: Hashable, Sendable {
    /// Edited or deleted.
    case updated(Message)
    /// Reacted to; the message with all its reactions.
    case reaction(Message)
    /// Nowhere stored.
    case typing(ConversationID, UserID, isTyping: Bool)
    case read(ReadCursor)
    /// Somebody has joined a channel or left it.
    case membership(ChannelName, UserID, isMember: Bool)

    package var conversationID: ConversationID {
        switch self {
        case .updated(let message), .reaction(let message): message.conversationID
        case .typing(let conversation, _, _): conversation
        case .read(let cursor): cursor.conversationID
        case .membership(let name, _, _): .channel(name)
        }
    }
}

/// What an instance wants to hear of with targeted routing.
package enum BusTopic: Hashable, Sendable {
    /// Messages and chat events of a user's direct conversations, and which channels the user joins or leaves.
    case user(UserID)
    /// Messages and chat events of a channel, and who joins or leaves it.
    case channel(ChannelName)
    /// Changes of a user's presence.
    case presence(UserID)
}

/// An event as it came from the bus.
package struct BusDelivery: Sendable {
    package let event: BusEvent
    package let eventID: BusEventID
    package let origin: InstanceIdentity
    /// The trace that it is part of, where its sender traces.
    package let trace: TraceParent?

    package init(event: BusEvent, eventID: BusEventID, origin: InstanceIdentity, trace: TraceParent? = nil) {
        self.event = event
        self.eventID = eventID
        self.origin = origin
        self.trace = trace
    }
}

/// One life of one instance: a restart under the same name is another identity.
package struct InstanceIdentity: Hashable, Sendable {
    package let instanceID: String
    /// Random, made at start.
    package let boot: String

    package init(instanceID: String, boot: String) {
        self.instanceID = instanceID
        self.boot = boot
    }
}

/// Whether hints travel between instances at this moment.
package enum BusStatus: Hashable, Sendable {
    /// Not configured, or ended: a single instance.
    case disabled
    /// Configured, and not reached in time at boot; tried on in the background.
    case unreached
    case connected
    case reconnecting

    /// Whether there are other instances that are heard through the store alone.
    package var isDegraded: Bool {
        switch self {
        case .unreached, .reconnecting: true
        case .disabled, .connected: false
        }
    }
}
