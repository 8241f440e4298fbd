package import Actors
package import NIOCore

/// Events as the client protocol's JSON frames.
package enum EventEncoder {
    /// Appends one JSON object to `buffer`.
    package static func encode(_ event: Event, into buffer: inout ByteBuffer) {
        var writer = JSONWriter(buffer: buffer)
        // The writer must own the only reference, or the first byte would copy the buffer.
        buffer = ByteBuffer()
        writer.beginObject()
        write(event, to: &writer)
        writer.endObject()
        buffer = writer.buffer
    }

    private static func write(_ event: Event, to writer: inout JSONWriter) {
        writer.field("type", type(of: event))
        writer.field("ref", event.ref)
        writeFields(of: event, to: &writer)
    }

    private static func type(of event: Event) -> StaticString {
        switch event {
        case .welcome: "WELCOME"
        case .ack: "ACK"
        case .error: "ERROR"
        case .messageReceived: "MESSAGE_RECEIVE"
        case .messageUpdated: "MESSAGE_UPDATE"
        case .typing: "TYPING"
        case .readReceipt: "READ_RECEIPT"
        case .channelJoined: "CHANNEL_JOINED"
        case .presence: "PRESENCE"
        case .presenceState: "PRESENCE_STATE"
        case .synced: "SYNCED"
        case .clusterStatus: "CLUSTER_STATUS"
        case .pong: "PONG"
        case .goAway: "GOAWAY"
        }
    }

    /// Writes what an event has besides its type and `ref`.
    static func writeFields(of event: Event, to writer: inout JSONWriter) {
        switch event {
        case .welcome(let welcome):
            write(welcome, to: &writer)
        case .ack(_, let message, let isDuplicate):
            if let message {
                writer.field("clientMessageId", message.clientMessageID.description)
                writer.message(message, showsClientMessageID: true)
            }
            if isDuplicate { writer.field("duplicate", true) }
        case .error(_, let error):
            writer.field("code", error.code.rawValue)
            writer.field("message", error.message)
            if let retryAfter = error.retryAfter { writer.field("retryAfterMs", retryAfter.milliseconds) }
        case .messageReceived(let message, let showsClientMessageID, let isReplayed):
            writer.message(message, showsClientMessageID: showsClientMessageID)
            if isReplayed { writer.field("replayed", true) }
        case .messageUpdated(let message, let showsClientMessageID):
            writer.message(message, showsClientMessageID: showsClientMessageID)
        case .typing(let conversation, let user, let isTyping):
            writer.field("conversationId", conversation.description)
            writer.field("userId", user.description)
            writer.field("isTyping", isTyping)
        case .readReceipt(let cursor):
            writer.field("conversationId", cursor.conversationID.description)
            writer.field("userId", cursor.userID.description)
            writer.field("seq", cursor.seq)
        case .channelJoined(_, let name, let lastSeq, let members):
            writer.field("channelId", ConversationID.channel(name).description)
            writer.field("lastSeq", lastSeq)
            writer.field("members", Int64(members))
        case .presence(let presence):
            writer.presence(presence)
        case .presenceState(_, let users):
            writer.beginArray("users")
            for user in users {
                writer.beginObject()
                writer.presence(user)
                writer.endObject()
            }
            writer.endArray()
        case .synced(_, let synced):
            writer.beginObject("cursors")
            for (conversation, seq) in synced.cursors { writer.field(conversation.description, seq) }
            writer.endObject()
            writer.field("stamp", String(synced.stamp.value))
            writer.field("complete", synced.isComplete)
        case .clusterStatus(let isDegraded):
            writer.field("degraded", isDegraded)
        case .pong(_, let serverTime):
            writer.field("serverTime", serverTime.description)
        case .goAway(let reason, let reconnectAfter):
            writer.field("reason", reason)
            writer.field("reconnectAfterMs", reconnectAfter.milliseconds)
        }
    }

    private static func write(_ welcome: Welcome, to writer: inout JSONWriter) {
        writer.field("sessionId", welcome.principal.sessionID.description)
        writer.field("userId", welcome.principal.userID.description)
        writer.field("username", welcome.principal.username)
        writer.field("role", welcome.principal.role.rawValue)
        writer.field("instanceId", welcome.instanceID)
        writer.field("heartbeatMs", welcome.heartbeat.milliseconds)
        writer.field("maxFrameBytes", Int64(welcome.maxFrameBytes))
        writer.field("serverTime", welcome.serverTime.description)
        // A string, as JavaScript's numbers end at 2^53.
        writer.field("stamp", welcome.stamp.map { String($0.value) })
    }
}
