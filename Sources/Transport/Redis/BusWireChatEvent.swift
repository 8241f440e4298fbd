import Actors

extension ChatEvent {
    /// The members of `chat_events`: what happened, in which conversation, and to what.
    init(wire members: JSONObject) throws(BusRejection) {
        let name = try members.string("event")
        guard let chat = ConversationID(try members.string("chatId")) else { throw .invalidField }
        let data = try members.object("data")
        switch name {
        case "message:updated": self = .updated(try Self.message(in: data, of: chat))
        case "reaction": self = .reaction(try Self.message(in: data, of: chat))
        case "typing": self = .typing(chat, try Self.member(in: data, of: chat), isTyping: try data.boolean("isTyping"))
        case "read": self = .read(try Self.cursor(in: data, of: chat))
        case "membership": self = try Self.entry(in: data, of: chat)
        default: throw .invalidField
        }
    }

    private static func message(in data: JSONObject, of chat: ConversationID) throws(BusRejection) -> Message {
        let payload = try data.object("message").messagePayload()
        guard payload.conversationId == chat.description else { throw .inconsistent }
        guard let message = payload.message, (1...256).contains(message.senderName.utf8.count) else { throw .invalidField }
        // Only what has been changed is told this way.
        guard message.rev >= 1, message.reactions.isOfGoodForm else { throw .invalidField }
        guard payload.recipientId == message.recipientID?.description, payload.channelId == chat.channelID else {
            throw .inconsistent
        }
        if case .direct(let pair) = chat, !pair.contains(message.senderID) { throw .inconsistent }
        if message.deletedAt == nil {
            guard MessageContent.isAllowed(message.content) else { throw .invalidField }
        } else {
            guard message.content.isEmpty else { throw .inconsistent }
        }
        return message
    }

    /// Whoever did it; in a direct conversation one of its two people.
    private static func member(in data: JSONObject, of chat: ConversationID) throws(BusRejection) -> UserID {
        let user = try UserID(wire: data.string("userId"))
        if case .direct(let pair) = chat, !pair.contains(user) { throw .inconsistent }
        return user
    }

    private static func cursor(in data: JSONObject, of chat: ConversationID) throws(BusRejection) -> ReadCursor {
        let user = try member(in: data, of: chat)
        let seq = try data.integer("seq")
        guard seq >= 1 else { throw .invalidField }
        return ReadCursor(conversationID: chat, userID: user, seq: seq)
    }

    private static func entry(in data: JSONObject, of chat: ConversationID) throws(BusRejection) -> ChatEvent {
        // Nobody joins or leaves a direct conversation.
        guard case .channel(let name) = chat else { throw .inconsistent }
        let user = try member(in: data, of: chat)
        return .membership(name, user, isMember: try data.boolean("isMember"))
    }
}

extension ConversationID {
    /// `ch:<name>`; nil for a direct conversation.
    fileprivate var channelID: String? {
        guard case .channel = self else { return nil }
        return description
    }
}

extension Reactions {
    /// Within the limit, no emoji and under it no user twice.
    fileprivate var isOfGoodForm: Bool {
        list.reduce(0) { $0 + $1.userIDs.count } <= Self.limit
            && Set(list.map(\.emoji)).count == list.count
            && list.allSatisfy { Set($0.userIDs).count == $0.userIDs.count }
    }
}
