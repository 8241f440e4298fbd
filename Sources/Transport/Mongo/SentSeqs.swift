import Actors

/// How far each person of a direct conversation has sent, in the conversation's own document: who has sent a message has read all up to it.
///
/// So a message raises its sender's read cursor in the update that it needs anyway. A membership's `readSeq` says what was read besides.
enum SentSeqs {
    /// The person's field in the conversation's document; nil for a channel, whose senders are too many for one document, and for
    /// whoever doesn't belong to the conversation.
    static func field(of user: UserID, in conversation: ConversationID) -> String? {
        guard case .direct(let pair) = conversation, pair.contains(user) else { return nil }
        return user == pair.first ? "firstSent" : "secondSent"
    }
}

extension BSONDocument {
    /// The number of the last message that the person has sent into this conversation; 0 where there is none or it isn't kept here.
    func sentSeq(of user: UserID, in conversation: ConversationID) throws(StoreError) -> Int64 {
        guard let field = SentSeqs.field(of: user, in: conversation) else { return 0 }
        return try optionalInteger(field) ?? 0
    }
}
