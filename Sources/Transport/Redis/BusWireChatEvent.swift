import Actors

/// The members of `chat_events`: what happened, in which conversation, and to what.
struct BusWireChatEvent: Decodable {
    let event: ChatEvent

    private enum Key: CodingKey {
        case event
        case chatId
        case data
    }

    private enum DataKey: CodingKey {
        case message
        case userId
        case isTyping
        case seq
        case isMember
    }

    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: Key.self)
        let name = try members.decode(String.self, forKey: .event)
        guard let chat = ConversationID(try members.decode(String.self, forKey: .chatId)) else { throw BusRejection.invalidField }
        let data = try members.nestedContainer(keyedBy: DataKey.self, forKey: .data)
        event =
            switch name {
            case "message:updated": .updated(try Self.message(in: data, of: chat))
            case "reaction": .reaction(try Self.message(in: data, of: chat))
            case "typing": .typing(chat, try Self.member(in: data, of: chat), isTyping: try data.decode(Bool.self, forKey: .isTyping))
            case "read": .read(try Self.cursor(in: data, of: chat))
            case "membership": try Self.membership(in: data, of: chat)
            default: throw BusRejection.invalidField
            }
    }

    private static func message(in data: KeyedDecodingContainer<DataKey>, of chat: ConversationID) throws -> Message {
        let payload = try data.decodePayload(forKey: .message)
        guard payload.conversationId == chat.description else { throw BusRejection.inconsistent }
        guard let message = payload.message, (1...256).contains(message.senderName.utf8.count) else { throw BusRejection.invalidField }
        // Only what has been changed is told this way.
        guard message.rev >= 1, message.reactions.isOfGoodForm else { throw BusRejection.invalidField }
        guard payload.recipientId == message.recipientID?.description, payload.channelId == chat.channelID else {
            throw BusRejection.inconsistent
        }
        if case .direct(let pair) = chat, !pair.contains(message.senderID) { throw BusRejection.inconsistent }
        if message.deletedAt == nil {
            guard MessageContent.isAllowed(message.content) else { throw BusRejection.invalidField }
        } else {
            guard message.content.isEmpty else { throw BusRejection.inconsistent }
        }
        return message
    }

    /// Whoever did it; in a direct conversation one of its two people.
    private static func member(in data: KeyedDecodingContainer<DataKey>, of chat: ConversationID) throws -> UserID {
        let user = try UserID(wire: data.decode(String.self, forKey: .userId))
        if case .direct(let pair) = chat, !pair.contains(user) { throw BusRejection.inconsistent }
        return user
    }

    private static func cursor(in data: KeyedDecodingContainer<DataKey>, of chat: ConversationID) throws -> ReadCursor {
        let user = try member(in: data, of: chat)
        let seq = try data.decode(Int64.self, forKey: .seq)
        guard seq >= 1 else { throw BusRejection.invalidField }
        return ReadCursor(conversationID: chat, userID: user, seq: seq)
    }

    private static func membership(in data: KeyedDecodingContainer<DataKey>, of chat: ConversationID) throws -> ChatEvent {
        // Nobody joins or leaves a direct conversation.
        guard case .channel(let name) = chat else { throw BusRejection.inconsistent }
        let user = try member(in: data, of: chat)
        return .membership(name, user, isMember: try data.decode(Bool.self, forKey: .isMember))
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
