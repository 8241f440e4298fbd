/// A change stamp: ordered, opaque to clients, handed out by the store and never by an instance's clock.
package struct Stamp: Hashable, Comparable, Sendable {
    package let value: UInt64

    package init(_ value: UInt64) {
        self.value = value
    }

    package static func < (lhs: Self, rhs: Self) -> Bool {
        lhs.value < rhs.value
    }

    /// At or above every stamp.
    package static let latest = Stamp(UInt64.max)
}

/// The key of idempotency that a client chooses for a message: 1–64 printable ASCII characters.
package struct ClientMessageID: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init?(_ text: some StringProtocol) {
        let bytes = text.utf8
        guard (1...64).contains(bytes.count), bytes.allSatisfy({ (0x20...0x7E).contains($0) }) else { return nil }
        description = String(text)
    }
}

/// Where a message stands in its conversation.
package struct MessagePlace: Hashable, Sendable {
    package let conversationID: ConversationID
    package var seq: Int64

    package init(conversationID: ConversationID, seq: Int64) {
        self.conversationID = conversationID
        self.seq = seq
    }
}

/// A stored message.
package struct Message: Hashable, Sendable {
    package let messageID: MessageID
    package let conversationID: ConversationID
    /// The message's number in its conversation: 1, 2, 3 … with no hole.
    package let seq: Int64
    package let senderID: UserID
    package let senderName: String
    /// Empty where the message was deleted.
    package let content: String
    package let clientMessageID: ClientMessageID
    package let createdAt: Timestamp
    package let editedAt: Timestamp?
    package let deletedAt: Timestamp?
    package let reactions: Reactions
    /// Raised by each edit, deletion and reaction; of two states of a message the higher one counts.
    package let rev: Int64

    package init(
        messageID: MessageID,
        conversationID: ConversationID,
        seq: Int64,
        senderID: UserID,
        senderName: String,
        content: String,
        clientMessageID: ClientMessageID,
        createdAt: Timestamp,
        editedAt: Timestamp? = nil,
        deletedAt: Timestamp? = nil,
        reactions: Reactions = Reactions(),
        rev: Int64 = 0
    ) {
        self.messageID = messageID
        self.conversationID = conversationID
        self.seq = seq
        self.senderID = senderID
        self.senderName = senderName
        self.content = content
        self.clientMessageID = clientMessageID
        self.createdAt = createdAt
        self.editedAt = editedAt
        self.deletedAt = deletedAt
        self.reactions = reactions
        self.rev = rev
    }

    package var place: MessagePlace { MessagePlace(conversationID: conversationID, seq: seq) }

    /// The person that a direct message is for; nil in a channel.
    package var recipientID: UserID? {
        guard case .direct(let pair) = conversationID else { return nil }
        return pair.other(than: senderID)
    }
}

/// A message before the store has given it a sequence number.
package struct MessageDraft: Hashable, Sendable {
    package let messageID: MessageID
    package let senderID: UserID
    package let senderName: String
    package let content: String
    package let clientMessageID: ClientMessageID
    package let createdAt: Timestamp

    package init(
        messageID: MessageID,
        senderID: UserID,
        senderName: String,
        content: String,
        clientMessageID: ClientMessageID,
        createdAt: Timestamp
    ) {
        self.messageID = messageID
        self.senderID = senderID
        self.senderName = senderName
        self.content = content
        self.clientMessageID = clientMessageID
        self.createdAt = createdAt
    }

    /// The message that this draft becomes at `seq`.
    package func message(in conversation: ConversationID, seq: Int64) -> Message {
        Message(
            messageID: messageID,
            conversationID: conversation,
            seq: seq,
            senderID: senderID,
            senderName: senderName,
            content: content,
            clientMessageID: clientMessageID,
            createdAt: createdAt
        )
    }
}

/// What became of one draft of an append.
package enum AppendOutcome: Hashable, Sendable {
    /// Committed now, under the next sequence number.
    case stored(Message)
    /// Committed earlier under the same `clientMessageId`, with the same conversation and content.
    case duplicate(Message)
    /// The `clientMessageId` belongs to another message of the same sender; nothing was stored.
    case conflict
}

/// Part of a conversation's history, in ascending order of sequence numbers.
package struct MessagePage: Hashable, Sendable {
    package let messages: [Message]
    /// Whether there is more in the direction that was asked for.
    package let hasMore: Bool

    package init(messages: [Message], hasMore: Bool) {
        self.messages = messages
        self.hasMore = hasMore
    }
}
