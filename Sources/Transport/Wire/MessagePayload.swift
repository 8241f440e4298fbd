package import Actors

/// The protocol's message object, as frames, HTTP answers and bus messages hold it.
package struct MessagePayload: Codable, Hashable, Sendable {
    package let messageId: String
    package let conversationId: String
    package let seq: Int64
    package let senderId: String
    package let senderName: String
    /// In direct messages alone.
    package let recipientId: String?
    /// `ch:<name>`, in channels alone.
    package let channelId: String?
    package let content: String
    /// For the sender alone, and between instances.
    package let clientMessageId: String?
    package let createdAt: RFC3339Timestamp

    /// - Parameters:
    ///   - message: what is stored.
    ///   - showsClientMessageID: true where the reader is the sender, or an instance.
    package init(_ message: Message, showsClientMessageID: Bool) {
        messageId = message.messageID.description
        conversationId = message.conversationID.description
        seq = message.seq
        senderId = message.senderID.description
        senderName = message.senderName
        recipientId = message.recipientID?.description
        if case .channel = message.conversationID {
            channelId = message.conversationID.description
        } else {
            channelId = nil
        }
        content = message.content
        clientMessageId = showsClientMessageID ? message.clientMessageID.description : nil
        createdAt = RFC3339Timestamp(message.createdAt)
    }

    /// The message that this object stands for.
    ///
    /// - Returns: nil where an id has not its form, `seq` is below 1, or there is no `clientMessageId`. Whether the sender belongs to the
    ///   conversation is the reader's to check.
    package var message: Message? {
        guard
            let messageID = MessageID(messageId),
            let conversationID = ConversationID(conversationId),
            let senderID = UserID(senderId),
            let clientMessageID = clientMessageId.flatMap({ ClientMessageID($0) }),
            seq >= 1
        else { return nil }
        return Message(
            messageID: messageID,
            conversationID: conversationID,
            seq: seq,
            senderID: senderID,
            senderName: senderName,
            content: content,
            clientMessageID: clientMessageID,
            createdAt: createdAt.value
        )
    }
}
