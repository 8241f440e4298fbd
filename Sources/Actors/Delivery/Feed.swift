/// One conversation's deliveries on this instance: how far they are, what has changed lately, and the fill that is under way.
struct Feed {
    var cursor: Cursor<Message>
    var updates = RecentUpdates()
    var reads = RecentReads()
    var fill: Task<Void, Never>?

    init(position: Int64? = nil) {
        cursor = Cursor(position: position)
    }

    /// A changed message has come.
    ///
    /// - Returns: what is to be done with it.
    mutating func receive(update message: Message) -> Action {
        guard updates.take(message) else { return .drop }
        // Not delivered yet, it is news by itself.
        if let position = cursor.position, message.seq > position { return .deliver }
        return .update
    }

    /// Messages are being delivered: who sends has read as well, which nobody needs to be told besides.
    mutating func note(delivered messages: [Message]) {
        for message in messages {
            _ = reads.take(ReadCursor(conversationID: message.conversationID, userID: message.senderID, seq: message.seq))
        }
    }

    enum Action {
        /// Tell those who have had the message.
        case update
        /// Treat it as a message that came.
        case deliver
        case drop
    }
}
