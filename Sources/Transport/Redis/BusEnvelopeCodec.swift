package import Actors
import FoundationEssentials

/// Turns a hint into the bytes that travel over Redis, and back: one JSON object (RFC 8259) a message.
package struct BusEnvelopeCodec: Sendable {
    /// The version of the format, the member `v`.
    package static let version = 1
    /// The most that a message may have, in bytes. The longest content that HTTP takes fits, escaped.
    package static let limit = 2 * 1_048_576

    private let signature: BusSignature?
    private let decoder = JSONDecoder()

    /// - Parameter secret: signs what is sent, and what isn't signed with it is rejected; nil for neither.
    package init(secret: String?) {
        signature = secret.map { BusSignature(secret: $0) }
    }

    package func encode(_ delivery: BusDelivery) -> [UInt8] {
        var writer = BusJSONWriter()
        writer.object { object in
            object.member("v", Int64(Self.version))
            object.member("type", BusChannel(delivery.event).rawValue)
            object.member("originInstanceId", delivery.origin.instanceID)
            object.member("originBoot", delivery.origin.boot)
            object.member("id", delivery.eventID.description)
            switch delivery.event {
            case .message(let message): Self.write(message, into: &object)
            case .kick(let kick): Self.write(kick, into: &object)
            }
        }
        return signature?.signed(writer.bytes) ?? writer.bytes
    }

    /// - Parameters:
    ///   - bytes: what was published.
    ///   - channel: the family of the channel it came over.
    package func decode(_ bytes: [UInt8], from channel: BusChannel) throws(BusRejection) -> BusDelivery {
        guard bytes.count <= Self.limit else { throw .tooLarge }
        try signature?.verify(bytes)
        let envelope: BusWireEnvelope
        do {
            envelope = try decoder.decode(BusWireEnvelope.self, from: Data(bytes))
        } catch let rejection as BusRejection {
            throw rejection
        } catch {
            // What is JSON reaches the envelope, and that throws rejections only.
            throw .invalidJSON
        }
        guard envelope.channel == channel else { throw .wrongChannel }
        return envelope.delivery
    }

    private static func write(_ message: Message, into object: inout BusJSONWriter) {
        object.member("messageId", message.messageID.description)
        writeDestination(of: message, into: &object)
        object.member("conversationId", message.conversationID.description)
        object.member("seq", message.seq)
        object.member("senderId", message.senderID.description)
        object.key("message")
        object.object { inner in
            inner.member("messageId", message.messageID.description)
            inner.member("conversationId", message.conversationID.description)
            inner.member("seq", message.seq)
            inner.member("senderId", message.senderID.description)
            inner.member("senderName", message.senderName)
            writeDestination(of: message, into: &inner)
            inner.member("content", message.content)
            inner.member("clientMessageId", message.clientMessageID.description)
            inner.member("createdAt", message.createdAt.description)
        }
    }

    private static func writeDestination(of message: Message, into object: inout BusJSONWriter) {
        if let recipient = message.recipientID {
            object.member("recipientId", recipient.description)
        } else {
            object.member("channelId", message.conversationID.description)
        }
    }

    private static func write(_ kick: Kick, into object: inout BusJSONWriter) {
        object.member("action", kick.action)
        object.member("targetUserId", kick.userID.description)
        switch kick {
        case .ban(_, let authEpoch), .revokeAll(_, let authEpoch): object.member("authEpoch", authEpoch)
        case .revokeOne(_, let session): object.member("targetSessionId", session.description)
        }
    }
}

extension Kick {
    /// The order's name on the bus and in the log.
    var action: String {
        switch self {
        case .ban: "BAN"
        case .revokeAll: "REVOKE_ALL"
        case .revokeOne: "REVOKE_ONE"
        }
    }
}
