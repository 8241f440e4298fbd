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
        switch event {
        case .welcome(let welcome):
            write(welcome, to: &writer)
        case .ack(let ref, let message, let isDuplicate):
            writer.field("type", "ACK")
            writer.field("ref", ref)
            if let message {
                writer.field("clientMessageId", message.clientMessageID.description)
                writer.message(message, showsClientMessageID: true)
            }
            if isDuplicate { writer.field("duplicate", true) }
        case .error(let ref, let error):
            writer.field("type", "ERROR")
            writer.field("ref", ref)
            writer.field("code", error.code.rawValue)
            writer.field("message", error.message)
            if let retryAfter = error.retryAfter { writer.field("retryAfterMs", retryAfter.milliseconds) }
        case .messageReceived(let message, let showsClientMessageID):
            writer.field("type", "MESSAGE_RECEIVE")
            writer.message(message, showsClientMessageID: showsClientMessageID)
        case .pong(let serverTime):
            writer.field("type", "PONG")
            writer.field("serverTime", serverTime.description)
        case .goAway(let reason, let reconnectAfter):
            writer.field("type", "GOAWAY")
            writer.field("reason", reason)
            writer.field("reconnectAfterMs", reconnectAfter.milliseconds)
        }
    }

    private static func write(_ welcome: Welcome, to writer: inout JSONWriter) {
        writer.field("type", "WELCOME")
        writer.field("sessionId", welcome.principal.sessionID.description)
        writer.field("userId", welcome.principal.userID.description)
        writer.field("username", welcome.principal.username)
        writer.field("role", welcome.principal.role.rawValue)
        writer.field("instanceId", welcome.instanceID)
        writer.field("heartbeatMs", welcome.heartbeat.milliseconds)
        writer.field("maxFrameBytes", Int64(welcome.maxFrameBytes))
        writer.field("serverTime", welcome.serverTime.description)
        // A string, as JavaScript's numbers end at 2^53.
        writer.field("stamp", String(welcome.stamp.value))
    }
}
