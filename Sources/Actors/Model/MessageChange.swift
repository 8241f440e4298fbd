/// An edit, a deletion or a reaction, and what it makes of a message: the rules that every store shares.
package enum MessageChange: Hashable, Sendable {
    case edit(content: String, at: Timestamp)
    case delete(at: Timestamp)
    case react(emoji: String, adds: Bool)

    /// What becomes of `message` when `user` asks for this change.
    ///
    /// - Returns: with `.changed` the message that is to be stored in the place of this one, its `rev` raised by one.
    package func applied(to message: Message, by user: UserID) -> ChangeOutcome {
        switch self {
        case .edit(let content, let now):
            guard message.senderID == user else { return .notAuthor }
            guard message.deletedAt == nil else { return .deleted }
            // By its bytes: what only looks the same is another text.
            guard !message.content.utf8.elementsEqual(content.utf8) else { return .unchanged(message) }
            return .changed(message.changed(content: content, editedAt: now, reactions: message.reactions))
        case .delete(let now):
            guard message.senderID == user else { return .notAuthor }
            guard message.deletedAt == nil else { return .unchanged(message) }
            return .changed(message.changed(content: "", editedAt: message.editedAt, deletedAt: now, reactions: Reactions()))
        case .react(let emoji, let adds):
            guard message.deletedAt == nil else { return .deleted }
            var reactions = message.reactions
            switch adds ? reactions.add(emoji, by: user) : reactions.remove(emoji, by: user) {
            case .changed:
                return .changed(message.changed(content: message.content, editedAt: message.editedAt, reactions: reactions))
            case .unchanged: return .unchanged(message)
            case .full: return .tooManyReactions
            }
        }
    }
}

extension Message {
    fileprivate func changed(content: String, editedAt: Timestamp?, deletedAt: Timestamp? = nil, reactions: Reactions) -> Message {
        Message(
            messageID: messageID,
            conversationID: conversationID,
            seq: seq,
            senderID: senderID,
            senderName: senderName,
            content: content,
            clientMessageID: clientMessageID,
            createdAt: createdAt,
            editedAt: editedAt,
            deletedAt: deletedAt,
            reactions: reactions,
            rev: rev + 1
        )
    }
}
