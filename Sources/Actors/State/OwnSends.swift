import DequeModule

/// What one connection sends, so that a message doesn't come to it twice: the `ACK` brings what it has sent, and nothing else may be left out.
///
/// A message may come before it is known whether it is the one that the connection's command has stored: another connection of the user may
/// have used the same `clientMessageId`. Until the answer it is held, and behind it what else comes in its conversation.
package struct OwnSends {
    /// What becomes of an event.
    package enum Verdict {
        case write
        /// The `ACK` has brought it.
        case skip
        /// The `ACK` has brought the message as it was: what it is now is told as a change.
        case update
        case hold
    }

    /// How long an event is held; then it is written, whether or not an `ACK` for it comes too.
    private static let patience = Duration.seconds(5)
    /// How many events are held; past it all of them are written.
    private static let heldLimit = 1_024
    private static let ackedLimit = 1_024

    /// Sends that have no answer yet.
    private var inFlight: Set<ClientMessageID> = []
    /// The latest messages whose `ACK` was written.
    private var acked: Deque<MessageID> = []
    private var held: [(event: SharedEvent, since: Duration)] = []

    package init() {}

    package mutating func begin(_ id: ClientMessageID) {
        inFlight.insert(id)
    }

    /// A send is answered: with the message that its `ACK` names or, where it is nil, with an error or nothing; `release` follows.
    package mutating func answered(_ id: ClientMessageID, with message: Message?) {
        inFlight.remove(id)
        if let message {
            acked.append(message.messageID)
            if acked.count > Self.ackedLimit { acked.removeFirst() }
        }
    }

    /// Takes out what is held for no answer any more.
    ///
    /// - Parameter user: whose connection it is.
    /// - Returns: what becomes of each now.
    package mutating func release(of user: UserID?) -> [(event: SharedEvent, verdict: Verdict)] {
        guard !held.isEmpty else { return [] }
        var released: [(SharedEvent, Verdict)] = []
        let waiting = held
        held = []
        for (event, since) in waiting {
            let verdict = judge(event, of: user)
            if case .hold = verdict { held.append((event, since)) } else { released.append((event, verdict)) }
        }
        return released
    }

    /// What is to be done with an event that comes now.
    ///
    /// - Parameter user: whose connection it is.
    package func judge(_ event: SharedEvent, of user: UserID?) -> Verdict {
        // Asked for every delivery: most of those who hear a message have sent none.
        if inFlight.isEmpty, acked.isEmpty, held.isEmpty { return .write }
        if !held.isEmpty, let conversation = event.conversation, held.contains(where: { $0.event.conversation == conversation }) {
            return .hold
        }
        guard event.sender == user, case .messageReceived(let message, _, _) = event.event else { return .write }
        if acked.contains(message.messageID) { return message.rev > 0 ? .update : .skip }
        return inFlight.contains(message.clientMessageID) ? .hold : .write
    }

    /// Keeps an event until `answered`.
    ///
    /// - Returns: what is to be written, as too many are held.
    package mutating func hold(_ event: SharedEvent, at now: Duration) -> [SharedEvent] {
        held.append((event, now))
        return held.count > Self.heldLimit ? takeAll() : []
    }

    /// What is to be written at `now`, as it has been held for too long, with everything behind it.
    package mutating func overdue(at now: Duration) -> [SharedEvent] {
        guard let first = held.first, now - first.since >= Self.patience else { return [] }
        return takeAll()
    }

    /// All that is held.
    package mutating func takeAll() -> [SharedEvent] {
        defer { held = [] }
        return held.map(\.event)
    }
}

extension SharedEvent {
    /// Of a message or of a change of one; nil for another event.
    fileprivate var conversation: ConversationID? {
        switch event {
        case .messageReceived(let message, _, _), .messageUpdated(let message, _): message.conversationID
        default: nil
        }
    }
}
