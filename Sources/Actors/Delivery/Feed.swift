/// One conversation's deliveries on this instance: how far they are, what has changed lately, and the fill that is under way.
struct Feed {
    var cursor = Cursor<Message>()
    var updates = RecentUpdates()
    var reads = RecentReads()
    var fill: Task<Void, Never>?

    /// A changed message has come.
    ///
    /// - Returns: what is to be done with it.
    mutating func receive(update message: Message) -> Action {
        guard updates.take(message) else { return .drop }
        // Not delivered yet, it is news by itself.
        if let position = cursor.position, message.seq > position { return .deliver }
        return .update
    }

    /// Messages have come, ascending.
    ///
    /// - Returns: those whose turn it is, and whether some before them are missing and are to be read.
    mutating func receive(_ messages: [Message]) -> (inTurn: [Message], needsFill: Bool) {
        var inTurn: [Message] = []
        var needsFill = false
        for message in messages {
            switch cursor.receive(message, seq: message.seq) {
            case .deliver: inTurn.append(updates.latest(message))
            case .drop, .wait: break
            case .fill: needsFill = true
            }
        }
        note(delivered: inTurn)
        return (inTurn, needsFill)
    }

    /// The store has said where the deliveries begin.
    ///
    /// - Returns: what came meanwhile and has its turn now.
    mutating func locate(at position: Int64) -> [Message] {
        deliver(cursor.locate(at: position))
    }

    /// The store has brought messages.
    ///
    /// - Returns: those whose turn it is.
    mutating func fill(with messages: [Message]) -> [Message] {
        deliver(cursor.fill(messages.map { ($0.seq, $0) }))
    }

    private mutating func deliver(_ messages: [Message]) -> [Message] {
        let latest = messages.map(updates.latest)
        note(delivered: latest)
        return latest
    }

    /// Messages are being delivered: who sends has read as well, which nobody needs to be told besides.
    private mutating func note(delivered messages: [Message]) {
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
