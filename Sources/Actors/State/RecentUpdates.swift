import DequeModule

/// The latest states of messages that were changed: to drop what comes twice or late, and to mend what was read before the change.
package struct RecentUpdates: Sendable {
    private let limit: Int
    private var messages: [MessageID: Message] = [:]
    private var order: Deque<MessageID> = []

    /// - Parameter limit: messages that are remembered; past it the oldest are forgotten, and a client drops what comes twice by its `rev`.
    package init(limit: Int = 128) {
        self.limit = limit
    }

    /// Takes a changed message in.
    ///
    /// - Returns: false where this state or a later one is known already.
    package mutating func take(_ message: Message) -> Bool {
        if let known = messages[message.messageID] {
            guard message.rev > known.rev else { return false }
        } else {
            order.append(message.messageID)
            if order.count > limit, let oldest = order.popFirst() { messages[oldest] = nil }
        }
        messages[message.messageID] = message
        return true
    }

    /// The latest state of a message that was changed; nil where none is remembered.
    package func latest(_ id: MessageID) -> Message? {
        messages[id]
    }

    /// The latest state of `message` that is known.
    package func latest(_ message: Message) -> Message {
        guard !messages.isEmpty, let known = messages[message.messageID], known.rev > message.rev else { return message }
        return known
    }
}
