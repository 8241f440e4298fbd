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
    /// Where something has become of the message since it was sent.
    package let rev: Int64?
    package let editedAt: RFC3339Timestamp?
    package let deletedAt: RFC3339Timestamp?
    /// Who reacted, by emoji.
    package let reactions: [String: [String]]?

    /// An object as it was read.
    init(
        messageId: String,
        conversationId: String,
        seq: Int64,
        senderId: String,
        senderName: String,
        recipientId: String?,
        channelId: String?,
        content: String,
        clientMessageId: String?,
        createdAt: RFC3339Timestamp,
        rev: Int64?,
        editedAt: RFC3339Timestamp?,
        deletedAt: RFC3339Timestamp?,
        reactions: [String: [String]]?
    ) {
        self.messageId = messageId
        self.conversationId = conversationId
        self.seq = seq
        self.senderId = senderId
        self.senderName = senderName
        self.recipientId = recipientId
        self.channelId = channelId
        self.content = content
        self.clientMessageId = clientMessageId
        self.createdAt = createdAt
        self.rev = rev
        self.editedAt = editedAt
        self.deletedAt = deletedAt
        self.reactions = reactions
    }

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
        rev = message.rev > 0 ? message.rev : nil
        editedAt = message.editedAt.map { RFC3339Timestamp($0) }
        deletedAt = message.deletedAt.map { RFC3339Timestamp($0) }
        reactions =
            message.reactions.list.isEmpty
            ? nil
            : Dictionary(
                message.reactions.list.map { ($0.emoji, $0.userIDs.map(\.description)) },
                uniquingKeysWith: { first, _ in first }
            )
    }

    /// The message that this object stands for.
    ///
    /// - Returns: nil where an id or an emoji has not its form, `seq` is below 1, or there is no `clientMessageId`. Whether the sender belongs to the
    ///   conversation is the reader's to check.
    package var message: Message? {
        guard
            let messageID = MessageID(messageId),
            let conversationID = ConversationID(conversationId),
            let senderID = UserID(senderId),
            let clientMessageID = clientMessageId.flatMap({ ClientMessageID($0) }),
            let reactions = reactionValues,
            seq >= 1,
            rev ?? 0 >= 0
        else { return nil }
        return Message(
            messageID: messageID,
            conversationID: conversationID,
            seq: seq,
            senderID: senderID,
            senderName: senderName,
            content: content,
            clientMessageID: clientMessageID,
            createdAt: createdAt.value,
            editedAt: editedAt?.value,
            deletedAt: deletedAt?.value,
            reactions: reactions,
            rev: rev ?? 0
        )
    }

    /// In the order of the emoji, as JSON's members have none; nil where an id has not its form.
    private var reactionValues: Reactions? {
        var list: [Reaction] = []
        for (emoji, texts) in (reactions ?? [:]).sorted(by: { $0.key < $1.key }) {
            let users = texts.compactMap { UserID($0) }
            guard users.count == texts.count, !users.isEmpty, Emoji.isAllowed(emoji) else { return nil }
            list.append(Reaction(emoji: emoji, userIDs: users))
        }
        return Reactions(list)
    }
}
