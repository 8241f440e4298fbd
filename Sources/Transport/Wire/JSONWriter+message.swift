import Actors

extension JSONWriter {
    /// Writes the field `message` with the protocol's message object, as `MessagePayload` reads it.
    mutating func message(_ message: Message, showsClientMessageID: Bool) {
        beginObject("message")
        fields(of: message, showsClientMessageID: showsClientMessageID)
        endObject()
    }

    /// Writes the message object's fields.
    mutating func fields(of message: Message, showsClientMessageID: Bool) {
        identity(of: message)
        field("senderName", message.senderName)
        field("content", message.content)
        if showsClientMessageID { field("clientMessageId", message.clientMessageID.description) }
        field("createdAt", message.createdAt.description)
        if message.rev > 0 { changes(of: message) }
    }

    /// Writes what has become of a message since it was sent.
    private mutating func changes(of message: Message) {
        field("rev", message.rev)
        field("editedAt", message.editedAt?.description)
        field("deletedAt", message.deletedAt?.description)
        guard !message.reactions.list.isEmpty else { return }
        beginObject("reactions")
        for reaction in message.reactions.list {
            beginArray(reaction.emoji)
            for user in reaction.userIDs { element(user.description) }
            endArray()
        }
        endObject()
    }

    /// Writes the fields of a user's presence.
    mutating func presence(_ presence: UserPresence) {
        field("userId", presence.userID.description)
        field("status", presence.status.rawValue)
        field("lastSeen", presence.lastSeen?.description)
    }

    /// Writes which message it is, of whom and for whom.
    mutating func identity(of message: Message) {
        field("messageId", message.messageID)
        field("conversationId", message.conversationID)
        field("seq", message.seq)
        field("senderId", message.senderID)
        switch message.conversationID {
        case .direct(let pair): field("recipientId", pair.other(than: message.senderID))
        case .channel: field("channelId", message.conversationID)
        }
    }
}
