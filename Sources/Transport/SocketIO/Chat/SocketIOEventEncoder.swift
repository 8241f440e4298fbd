package import Actors
package import NIOCore

/// Events as Socket.IO packets in the main namespace.
package enum SocketIOEventEncoder {
    /// The events that all receivers share are encoded at the first of them.
    package static func frame(_ event: SharedEvent) -> ByteBuffer {
        event.encoded(by: SocketIOEventEncoder.self) { frame($0) }
    }

    /// One event as a WebSocket frame.
    package static func frame(_ event: Event) -> ByteBuffer {
        emit(name(of: event)) { writer in
            switch event {
            case .messageReceived(let message, let showsClientMessageID, let isReplayed):
                writer.fields(of: message, showsClientMessageID: showsClientMessageID)
                if isReplayed { writer.field("replayed", true) }
            case .messageUpdated(let message, let showsClientMessageID):
                writer.fields(of: message, showsClientMessageID: showsClientMessageID)
            case .presence(let presence):
                writer.field("userId", presence.userID.description)
                writer.field("username", presence.username)
                writer.field("status", presence.status.rawValue)
                writer.field("timestamp", presence.lastSeen?.description)
            default:
                EventEncoder.writeFields(of: event, to: &writer)
            }
        }
    }

    /// The acknowledgement that answers an event of the client.
    ///
    /// - Parameter id: of the acknowledgement that the client asked for.
    package static func acknowledgement(_ event: Event, id: String) -> ByteBuffer {
        ServerFraming.text { buffer in
            SocketIOPacket.writeHead(.ack, namespace: SocketIOPacket.mainNamespace, ackID: id, to: &buffer)
            buffer.writeString("[")
            object(in: &buffer) { writer in
                if case .error = event { writer.field("ok", false) } else { writer.field("ok", true) }
                EventEncoder.writeFields(of: event, to: &writer)
            }
            buffer.writeString("]")
        }
    }

    /// Tells the client why its session has ended.
    ///
    /// - Parameters:
    ///   - code: one of the client protocol's.
    ///   - reason: the text that closes a connection of the client protocol.
    static func sessionEnded(code: String, reason: String) -> ByteBuffer {
        emit("session_ended") { writer in
            writer.field("code", code)
            writer.field("reason", reason)
        }
    }

    /// Where the client stands, in an event of its own: a client library keeps the last argument of the last event where that is a string.
    static func offset(_ offset: SyncOffset) -> ByteBuffer {
        ServerFraming.text { buffer in
            SocketIOPacket.writeHead(.event, namespace: SocketIOPacket.mainNamespace, ackID: nil, to: &buffer)
            buffer.writeStaticString("[\"sync_offset\",\"")
            offset.write(to: &buffer)
            buffer.writeStaticString("\"]")
        }
    }

    private static func emit(_ name: StaticString, _ fields: (inout JSONWriter) -> Void) -> ByteBuffer {
        ServerFraming.text { buffer in
            SocketIOPacket.writeHead(.event, namespace: SocketIOPacket.mainNamespace, ackID: nil, to: &buffer)
            buffer.writeStaticString("[\"")
            buffer.writeStaticString(name)
            buffer.writeStaticString("\",")
            object(in: &buffer, fields)
            buffer.writeStaticString("]")
        }
    }

    private static func object(in buffer: inout ByteBuffer, _ fields: (inout JSONWriter) -> Void) {
        var writer = JSONWriter(buffer: buffer)
        // The writer must own the only reference, or the first byte would copy the buffer.
        buffer = ByteBuffer()
        writer.beginObject()
        fields(&writer)
        writer.endObject()
        buffer = writer.buffer
    }

    private static func name(of event: Event) -> StaticString {
        switch event {
        case .welcome: "welcome"
        case .ack: "ack"
        case .error: "error_event"
        case .messageReceived: "receive_message"
        case .messageUpdated: "message_updated"
        case .typing: "typing"
        case .readReceipt: "read_receipt"
        case .channelJoined: "channel_joined"
        case .presence(let presence):
            switch presence.status {
            case .online: "user:online"
            case .offline: "user:offline"
            case .away, .busy: "user:status"
            }
        case .presenceState: "presence_state"
        case .synced: "synced"
        case .clusterStatus: "cluster_status"
        case .pong: "pong"
        case .goAway: "goaway"
        }
    }
}
