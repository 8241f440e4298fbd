package import Actors
import NIOCore

/// Turns a hint into the bytes that travel over Redis, and back: one JSON object (RFC 8259) a message.
package struct BusEnvelopeCodec: Sendable {
    /// The version of the format, the member `v`.
    package static let version = 1
    /// The most that a message may have, in bytes. The longest content that HTTP takes fits, escaped.
    package static let limit = 2 * 1_048_576

    private let routing: BusRouting
    private let signature: BusSignature?

    /// - Parameters:
    ///   - secret: signs what is sent, and what isn't signed with it is rejected; nil for neither.
    ///   - routing: told with each message, unless it is broadcast.
    package init(secret: String?, routing: BusRouting = .broadcast) {
        self.routing = routing
        signature = secret.map { BusSignature(secret: $0) }
    }

    package func encode(_ delivery: BusDelivery) -> [UInt8] {
        var writer = JSONWriter(buffer: ByteBufferAllocator().buffer(capacity: 1_024))
        writer.beginObject()
        writer.field("v", Int64(Self.version))
        writer.field("type", BusChannel(delivery.event).rawValue)
        writer.field("originInstanceId", delivery.origin.instanceID)
        writer.field("originBoot", delivery.origin.boot)
        writer.field("id", delivery.eventID)
        if routing != .broadcast { writer.field("routing", routing.rawValue) }
        if let trace = delivery.trace { writer.field("traceparent", trace.description) }
        switch delivery.event {
        case .message(let message):
            writer.identity(of: message)
            writer.message(message, showsClientMessageID: true)
        case .kick(let kick):
            Self.write(kick, to: &writer)
        case .chat(let event):
            Self.write(event, to: &writer)
        case .presence(let event):
            Self.write(event, to: &writer)
        }
        writer.endObject()
        let bytes = Array(writer.buffer.readableBytesView)
        return signature?.signed(bytes) ?? bytes
    }

    /// - Parameters:
    ///   - bytes: what was published.
    ///   - channel: the family of the channel it came over.
    package func decode(_ bytes: [UInt8], from channel: BusChannel) throws(BusRejection) -> BusDelivery {
        try open(bytes, from: channel).delivery
    }

    /// As `decode`, with the routing of the sender: nil where this version doesn't know it.
    func open(_ bytes: [UInt8], from channel: BusChannel) throws(BusRejection) -> (delivery: BusDelivery, routing: BusRouting?) {
        guard bytes.count <= Self.limit else { throw .tooLarge }
        try signature?.verify(bytes)
        let envelope = try BusWireEnvelope(parsing: bytes)
        guard envelope.channel == channel else { throw .wrongChannel }
        return (envelope.delivery, envelope.routing)
    }

    private static func write(_ kick: Kick, to writer: inout JSONWriter) {
        writer.field("action", kick.action)
        writer.field("targetUserId", kick.userID.description)
        switch kick {
        case .ban(_, let authEpoch), .revokeAll(_, let authEpoch): writer.field("authEpoch", authEpoch)
        case .revokeOne(_, let session): writer.field("targetSessionId", session.description)
        }
    }

    private static func write(_ event: ChatEvent, to writer: inout JSONWriter) {
        writer.field("event", event.name)
        writer.field("chatId", event.conversationID.description)
        writer.beginObject("data")
        switch event {
        case .updated(let message), .reaction(let message):
            writer.message(message, showsClientMessageID: true)
        case .typing(_, let user, let isTyping):
            writer.field("userId", user.description)
            writer.field("isTyping", isTyping)
        case .read(let cursor):
            writer.field("userId", cursor.userID.description)
            writer.field("seq", cursor.seq)
        case .membership(_, let user, let isMember):
            writer.field("userId", user.description)
            writer.field("isMember", isMember)
        }
        writer.endObject()
    }

    private static func write(_ event: PresenceEvent, to writer: inout JSONWriter) {
        writer.field("event", event.kind.rawValue)
        writer.beginObject("data")
        writer.field("userId", event.userID.description)
        writer.field("username", event.username)
        writer.field("status", event.status.rawValue)
        writer.field("timestamp", event.timestamp.description)
        writer.endObject()
    }
}

extension ChatEvent {
    /// The event's name on the bus and in the log.
    var name: String {
        switch self {
        case .updated: "message:updated"
        case .typing: "typing"
        case .reaction: "reaction"
        case .read: "read"
        case .membership: "membership"
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
