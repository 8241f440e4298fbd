import Actors
import Logging

/// An event as it waits to be published: encoded, with what the log says of it when it is out.
struct BusHint: Sendable {
    let channel: String
    let payload: [UInt8]
    /// Whether the channel is for those who follow a topic; else everybody hears it.
    let isForTopic: Bool
    /// False where the same event is logged with another channel.
    let isLogged: Bool
    private let delivery: BusDelivery

    /// The event for each channel that it is published to. The log has it once.
    static func hints(for delivery: BusDelivery, codec: BusEnvelopeCodec, routing: BusRouting) -> [BusHint] {
        let payload = codec.encode(delivery)
        return BusChannel.names(for: delivery.event, routing: routing).enumerated().map { index, channel in
            let isForTopic = channel != BusChannel(delivery.event).rawValue
            return BusHint(delivery, payload: payload, channel: channel, isForTopic: isForTopic, isLogged: index == 0)
        }
    }

    private init(_ delivery: BusDelivery, payload: [UInt8], channel: String, isForTopic: Bool, isLogged: Bool) {
        self.channel = channel
        self.payload = payload
        self.isForTopic = isForTopic
        self.isLogged = isLogged
        self.delivery = delivery
    }

    var level: Logger.Level {
        switch delivery.event {
        case .message, .kick: .info
        case .chat, .presence: .debug
        }
    }

    var event: Logger.Message {
        switch delivery.event {
        case .message: "chat_message_published"
        case .kick: "admin_kick_published"
        case .chat: "chat_event_published"
        case .presence: "presence_event_published"
        }
    }

    var metadata: Logger.Metadata {
        switch delivery.event {
        case .message(let message): Self.metadata(of: message, origin: delivery.origin)
        case .kick(let kick): Self.metadata(of: kick, origin: delivery.origin)
        case .chat(let chat): Self.metadata(of: chat, origin: delivery.origin)
        case .presence(let presence):
            [
                "event": .string(presence.kind.rawValue),
                "userId": .stringConvertible(presence.userID),
                "originInstanceId": .string(delivery.origin.instanceID),
            ]
        }
    }

    private static func metadata(of message: Message, origin: InstanceIdentity) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "messageId": .stringConvertible(message.messageID),
            "originInstanceId": .string(origin.instanceID),
        ]
        if let recipient = message.recipientID {
            metadata["recipientId"] = .stringConvertible(recipient)
        } else {
            metadata["channelId"] = .stringConvertible(message.conversationID)
        }
        return metadata
    }

    private static func metadata(of kick: Kick, origin: InstanceIdentity) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "action": .string(kick.action),
            "targetUserId": .stringConvertible(kick.userID),
            "originInstanceId": .string(origin.instanceID),
        ]
        if case .revokeOne(_, let session) = kick { metadata["targetSessionId"] = .stringConvertible(session) }
        return metadata
    }

    private static func metadata(of event: ChatEvent, origin: InstanceIdentity) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "event": .string(event.name),
            "chatId": .stringConvertible(event.conversationID),
            "originInstanceId": .string(origin.instanceID),
        ]
        switch event {
        case .updated(let message), .reaction(let message): metadata["messageId"] = .stringConvertible(message.messageID)
        case .typing(_, let user, _), .membership(_, let user, _): metadata["userId"] = .stringConvertible(user)
        case .read(let cursor): metadata["userId"] = .stringConvertible(cursor.userID)
        }
        return metadata
    }
}
