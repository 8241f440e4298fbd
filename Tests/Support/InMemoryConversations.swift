import Actors

/// The conversations and messages of an `InMemoryStore`.
struct InMemoryConversations {
    private struct Key: Hashable {
        let sender: UserID
        let clientMessageID: ClientMessageID
    }

    private struct Conversation {
        /// The message numbered n is at n - 1.
        var messages: [Message] = []
        /// The stamp of each message.
        var stamps: [Stamp] = []
        var lastMessageStamp: Stamp
        /// The read cursor of each member.
        var readSeqs: [UserID: Int64] = [:]
    }

    private var conversations: [ConversationID: Conversation] = [:]
    private var known: [Key: Message] = [:]
    private var messageIDs: Set<MessageID> = []

    mutating func append(
        _ drafts: [MessageDraft],
        to id: ConversationID,
        stamp: () -> Stamp
    ) throws(StoreError) -> [AppendOutcome] {
        let before = self
        var outcomes: [AppendOutcome] = []
        for draft in drafts {
            let key = Key(sender: draft.senderID, clientMessageID: draft.clientMessageID)
            if let message = known[key] {
                let isSame = message.conversationID == id && message.content == draft.content
                outcomes.append(isSame ? .duplicate(message) : .conflict)
                continue
            }
            guard messageIDs.insert(draft.messageID).inserted else {
                self = before
                throw StoreError(.duplicateKey, "message id")
            }
            var conversation = conversations[id] ?? made(id, stamp: stamp())
            let message = draft.message(in: id, seq: Int64(conversation.messages.count) + 1)
            conversation.messages.append(message)
            conversation.lastMessageStamp = stamp()
            conversation.stamps.append(conversation.lastMessageStamp)
            if conversation.readSeqs[draft.senderID] != nil { conversation.readSeqs[draft.senderID] = message.seq }
            conversations[id] = conversation
            known[key] = message
            outcomes.append(.stored(message))
        }
        return outcomes
    }

    func lastSeq(in id: ConversationID, at stamp: Stamp) -> Int64 {
        Int64(conversations[id]?.stamps.count { $0 <= stamp } ?? 0)
    }

    func messages(in id: ConversationID, before: Int64?, after: Int64?, limit: Int) -> MessagePage {
        let limit = max(0, limit)
        let inRange = (conversations[id]?.messages ?? []).filter { message in
            message.seq < before ?? .max && message.seq > after ?? 0
        }
        let page = after == nil ? inRange.suffix(limit) : inRange.prefix(limit)
        return MessagePage(messages: Array(page), hasMore: inRange.count > page.count)
    }

    func summaries(of user: UserID, limit: Int, name: (UserID) -> String?) -> [ConversationSummary] {
        let mine = conversations.filter { $0.value.readSeqs[user] != nil }
            .sorted { $0.value.lastMessageStamp > $1.value.lastMessageStamp }
        return mine.prefix(max(0, limit)).map { id, conversation in
            let title =
                switch id {
                case .direct(let pair): name(pair.other(than: user)) ?? ""
                case .channel(let name): name.description
                }
            return ConversationSummary(
                conversationID: id,
                title: title,
                lastSeq: Int64(conversation.messages.count),
                readSeq: conversation.readSeqs[user] ?? 0,
                lastMessage: conversation.messages.last
            )
        }
    }

    private func made(_ id: ConversationID, stamp: Stamp) -> Conversation {
        var conversation = Conversation(lastMessageStamp: stamp)
        if case .direct(let pair) = id {
            conversation.readSeqs[pair.first] = 0
            conversation.readSeqs[pair.second] = 0
        }
        return conversation
    }
}
