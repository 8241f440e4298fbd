import Actors

extension JSONWriter {
    /// Writes the field `message` with the protocol's message object, as `MessagePayload` reads it.
    mutating func message(_ message: Message, showsClientMessageID: Bool) {
        beginObject("message")
        identity(of: message)
        field("senderName", message.senderName)
        field("content", message.content)
        if showsClientMessageID { field("clientMessageId", message.clientMessageID.description) }
        field("createdAt", message.createdAt.description)
        endObject()
    }

    /// Writes which message it is, of whom and for whom.
    mutating func identity(of message: Message) {
        field("messageId", message.messageID.description)
        field("conversationId", message.conversationID.description)
        field("seq", message.seq)
        field("senderId", message.senderID.description)
        switch message.conversationID {
        case .direct(let pair): field("recipientId", pair.other(than: message.senderID).description)
        case .channel: field("channelId", message.conversationID.description)
        }
    }
}
