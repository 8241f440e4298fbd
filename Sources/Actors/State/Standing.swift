/// Where one session stands in the conversations of the actor that delivers them: live, or not yet.
///
/// Nothing is kept for a session that is not live: what it lacks is read from the store, until it has caught up with the deliveries.
package struct Standing: Sendable {
    /// Whether nothing is written to the session yet.
    private var isHeld: Bool
    /// While held: the first number in each conversation that was not written.
    private var withheld: [ConversationID: Int64] = [:]
    /// While held: the changed messages that the session was not told of.
    private var withheldChanges: [ConversationID: Set<MessageID>] = [:]
    /// Where the session is behind the deliveries: it has everything up to this number.
    private var behind: [ConversationID: Int64] = [:]
    /// Where the session is ahead of the deliveries: it has everything up to this number.
    private var ahead: [ConversationID: Int64] = [:]

    package init(isHeld: Bool) {
        self.isHeld = isHeld
    }

    /// Whether the session is live everywhere and nothing has to be remembered of it.
    package var isPlain: Bool {
        !isHeld && behind.isEmpty && ahead.isEmpty
    }

    /// Whether a message that has its turn is to be written to the session.
    package mutating func admits(_ seq: Int64, in conversation: ConversationID) -> Bool {
        if isHeld {
            if withheld[conversation] == nil { withheld[conversation] = seq }
            return false
        }
        guard behind[conversation] == nil else { return false }
        guard let known = ahead[conversation] else { return true }
        guard seq > known else { return false }
        ahead[conversation] = nil
        return true
    }

    /// Nothing above `seq` was written to the session, which is held.
    package mutating func withhold(above seq: Int64, in conversation: ConversationID) {
        withheld[conversation] = min(seq + 1, withheld[conversation] ?? .max)
    }

    /// Whether the session has had a message, so that a change of it concerns the session.
    package func hasHad(_ seq: Int64, in conversation: ConversationID) -> Bool {
        guard !isHeld else { return false }
        return behind[conversation].map { seq <= $0 } ?? true
    }

    /// A changed message is not told to the session, as nothing is.
    package mutating func withholdChange(of message: Message) {
        if isHeld { withheldChanges[message.conversationID, default: []].insert(message.messageID) }
    }

    /// The changed messages that the session was not told of while it was held; once.
    package mutating func takeWithheldChanges() -> [ConversationID: Set<MessageID>] {
        defer { withheldChanges = [:] }
        return withheldChanges
    }

    /// Whether the session had the message before it has its turn in the deliveries.
    package func isAhead(of seq: Int64, in conversation: ConversationID) -> Bool {
        ahead[conversation].map { seq <= $0 } ?? false
    }

    /// Begins to write to the session.
    ///
    /// - Parameters:
    ///   - missed: where it stands in conversations that it named, or in which the store found something for it.
    ///   - delivered: how far each conversation has been delivered; nil where that isn't known.
    /// - Returns: the conversations in which it is behind, each with the number up to which it has everything.
    package mutating func release(
        _ missed: [ConversationID: MissedConversation],
        delivered: (ConversationID) -> Int64?
    ) -> [ConversationID: Int64] {
        isHeld = false
        for (conversation, place) in missed {
            settle(conversation, at: place.after, delivered: delivered(conversation), lastSeq: place.lastSeq)
        }
        for (conversation, first) in withheld where missed[conversation] == nil {
            behind[conversation] = first - 1
        }
        withheld = [:]
        return behind
    }

    /// Deliveries of a conversation begin above `position`, which was not known when the session came.
    ///
    /// - Returns: the number up to which the session has everything, where it is behind now; else nil.
    package mutating func begin(_ conversation: ConversationID, at position: Int64) -> Int64? {
        guard let known = ahead[conversation], known < position else { return nil }
        ahead[conversation] = nil
        behind[conversation] = known
        return known
    }

    /// The session has been written everything of a conversation up to `seq`.
    ///
    /// - Returns: whether it is live there now.
    package mutating func advance(to seq: Int64, in conversation: ConversationID, delivered: Int64?, lastSeq: Int64) -> Bool {
        guard behind[conversation] != nil else { return true }
        settle(conversation, at: seq, delivered: delivered, lastSeq: lastSeq)
        return behind[conversation] == nil
    }

    /// Goes live above `seq`, whatever is missing below it.
    package mutating func skip(to seq: Int64, in conversation: ConversationID) {
        behind[conversation] = nil
        ahead[conversation] = seq
    }

    private mutating func settle(_ conversation: ConversationID, at seq: Int64, delivered: Int64?, lastSeq: Int64) {
        guard seq >= max(delivered ?? 0, lastSeq) else {
            behind[conversation] = seq
            return
        }
        behind[conversation] = nil
        if seq > delivered ?? -1 { ahead[conversation] = seq }
    }
}
