import Actors

/// A message of the bus as it is read: every field is checked, and none may contradict another.
///
/// Members that are not known are passed over, so that later versions may add some.
struct BusWireEnvelope: Decodable {
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
            case .chatMessage: .message(try BusWireMessage(from: decoder).message)
            case .adminKick: .kick(try BusWireKick(from: decoder).kick)
            case .chatEvents: .chat(try BusWireChatEvent(from: decoder).event)
            case .presenceEvents: .presence(try BusWirePresenceEvent(from: decoder).event)
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
private struct BusWireMessage: Decodable {
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
private struct BusWireKick: Decodable {
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
    init(wire text: String) throws {
        guard let identifier = Self(text) else { throw BusRejection.invalidField }
        self = identifier
    }
}

extension KeyedDecodingContainer {
    /// - Throws: `.invalidField` for a time that is none, besides what decoding throws.
    func decodePayload(forKey key: Key) throws -> MessagePayload {
        do {
            return try decode(MessagePayload.self, forKey: key)
        } catch DecodingError.dataCorrupted {
            throw BusRejection.invalidField
        }
    }
}
