import Actors
import FoundationEssentials
import Transport

/// A message of the bus as Foundation's decoder reads it: what the codec's own reading has to agree with.
struct FoundationEnvelope: Decodable {
    let channel: BusChannel
    let delivery: BusDelivery
    /// How the sender routes; nil for a way that this version doesn't know.
    let routing: BusRouting?

    private enum Key: String, CodingKey {
        case version = "v"
        case type
        case originInstanceID = "originInstanceId"
        case originBoot
        case id
        case routing
        case traceparent
    }

    /// - Throws: `BusRejection`, and nothing else.
    static func decode(_ bytes: [UInt8], from channel: BusChannel) throws -> Self {
        let envelope: Self
        do {
            envelope = try JSONDecoder().decode(Self.self, from: Data(bytes))
        } catch let rejection as BusRejection {
            throw rejection
        } catch {
            throw BusRejection.invalidJSON
        }
        guard envelope.channel == channel else { throw BusRejection.wrongChannel }
        return envelope
    }

    init(from decoder: any Decoder) throws {
        do {
            try self.init(members: decoder)
        } catch let rejection as BusRejection {
            throw rejection
        } catch {
            throw BusRejection.badShape
        }
    }

    private init(members decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: Key.self)
        guard try members.decode(Int.self, forKey: .version) == BusEnvelopeCodec.version else { throw BusRejection.unsupportedVersion }
        guard let channel = BusChannel(rawValue: try members.decode(String.self, forKey: .type)) else { throw BusRejection.unknownType }
        let origin = InstanceIdentity(
            instanceID: try Self.name(members.decode(String.self, forKey: .originInstanceID)),
            boot: try Self.name(members.decode(String.self, forKey: .originBoot))
        )
        let id = try BusEventID(wire: members.decode(String.self, forKey: .id))
        let event: BusEvent =
            switch channel {
            case .chatMessage: .message(try FoundationMessage(from: decoder).message)
            case .adminKick: .kick(try FoundationKick(from: decoder).kick)
            case .chatEvents: .chat(try FoundationChatEvent(from: decoder).event)
            case .presenceEvents: .presence(try FoundationPresenceEvent(from: decoder).event)
            }
        // Never a reason to reject: an order to end sessions must be heard from everybody.
        routing =
            members.contains(.routing)
            ? (try? members.decode(String.self, forKey: .routing)).flatMap { BusRouting(rawValue: $0) } : .broadcast
        self.channel = channel
        // Of no consequence for the event: what can't be read is no trace.
        let trace = (try? members.decodeIfPresent(String.self, forKey: .traceparent)).flatMap { $0 }.flatMap { TraceParent($0) }
        delivery = BusDelivery(event: event, eventID: id, origin: origin, trace: trace)
    }

    static func name(_ text: String) throws -> String {
        guard (1...256).contains(text.utf8.count), !text.utf8.contains(where: { $0 < 0x20 }) else { throw BusRejection.invalidField }
        return text
    }
}

/// The members of `chat.message`: what routing needs, and the whole message, which has to agree with it.
private struct FoundationMessage: Decodable {
    let message: Message

    private enum Key: CodingKey {
        case messageId
        case recipientId
        case channelId
        case conversationId
        case seq
        case senderId
        case message
    }

    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: Key.self)
        let inner = try members.decodePayload(forKey: .message)
        let recipient = try members.decodeIfPresent(String.self, forKey: .recipientId)
        let channel = try members.decodeIfPresent(String.self, forKey: .channelId)
        guard
            try members.decode(String.self, forKey: .messageId) == inner.messageId,
            try members.decode(String.self, forKey: .conversationId) == inner.conversationId,
            try members.decode(Int64.self, forKey: .seq) == inner.seq,
            try members.decode(String.self, forKey: .senderId) == inner.senderId,
            recipient == inner.recipientId,
            channel == inner.channelId
        else { throw BusRejection.inconsistent }
        guard let message = inner.message, (1...256).contains(message.senderName.utf8.count), MessageContent.isAllowed(message.content)
        else {
            throw BusRejection.invalidField
        }
        self.message = message
        try Self.checkDestination(of: message, recipient: recipient, channel: channel)
    }

    private static func checkDestination(of message: Message, recipient: String?, channel: String?) throws {
        switch message.conversationID {
        case .direct(let pair):
            guard pair.contains(message.senderID), channel == nil, recipient == pair.other(than: message.senderID).description else {
                throw BusRejection.inconsistent
            }
        case .channel:
            guard recipient == nil, channel == message.conversationID.description else { throw BusRejection.inconsistent }
        }
    }
}

/// The members of `admin.kick`.
private struct FoundationKick: Decodable {
    let kick: Kick

    private enum Key: CodingKey {
        case action
        case targetUserId
        case authEpoch
        case targetSessionId
    }

    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: Key.self)
        let action = try members.decode(String.self, forKey: .action)
        let user = try UserID(wire: members.decode(String.self, forKey: .targetUserId))
        switch action {
        case "BAN": kick = .ban(user, authEpoch: try Self.epoch(in: members))
        case "REVOKE_ALL": kick = .revokeAll(user, authEpoch: try Self.epoch(in: members))
        case "REVOKE_ONE":
            kick = .revokeOne(user, try SessionID(wire: members.decode(String.self, forKey: .targetSessionId)))
        default: throw BusRejection.invalidField
        }
    }

    /// Every ban and revocation raises the epoch, which begins at 0.
    private static func epoch(in members: KeyedDecodingContainer<Key>) throws -> Int64 {
        let epoch = try members.decode(Int64.self, forKey: .authEpoch)
        guard epoch >= 1 else { throw BusRejection.invalidField }
        return epoch
    }
}

extension Identifier {
    fileprivate init(wire text: String) throws {
        guard let identifier = Self(text) else { throw BusRejection.invalidField }
        self = identifier
    }
}

extension KeyedDecodingContainer {
    /// - Throws: `.invalidField` for a time that is none, besides what decoding throws.
    fileprivate func decodePayload(forKey key: Key) throws -> MessagePayload {
        do {
            return try decode(MessagePayload.self, forKey: key)
        } catch DecodingError.dataCorrupted {
            throw BusRejection.invalidField
        }
    }
}

/// The members of `chat_events`: what happened, in which conversation, and to what.
private struct FoundationChatEvent: Decodable {
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

/// The members of `presence_events`.
private struct FoundationPresenceEvent: Decodable {
    let event: PresenceEvent

    private enum Key: CodingKey {
        case event
        case data
    }

    private enum DataKey: CodingKey {
        case userId
        case username
        case status
        case timestamp
    }

    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: Key.self)
        let data = try members.nestedContainer(keyedBy: DataKey.self, forKey: .data)
        guard
            let kind = PresenceEvent.Kind(rawValue: try members.decode(String.self, forKey: .event)),
            let status = PresenceStatus(rawValue: try data.decode(String.self, forKey: .status)),
            let timestamp = Timestamp(try data.decode(String.self, forKey: .timestamp))
        else { throw BusRejection.invalidField }
        // Whoever has gone is offline, and nobody else is.
        guard (kind == .offline) == (status == .offline) else { throw BusRejection.inconsistent }
        event = PresenceEvent(
            kind: kind,
            userID: try UserID(wire: data.decode(String.self, forKey: .userId)),
            username: try FoundationEnvelope.name(data.decode(String.self, forKey: .username)),
            status: status,
            timestamp: timestamp
        )
    }
}
