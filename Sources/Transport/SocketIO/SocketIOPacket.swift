package import NIOCore

/// One packet of Socket.IO, protocol version 5, its attachments included.
package struct SocketIOPacket: Hashable, Sendable {
    package enum Kind: UInt8, Hashable, Sendable, CaseIterable {
        case connect = 0x30
        case disconnect
        case event
        case ack
        case connectError
        case binaryEvent
        case binaryAck
    }

    /// The namespace that every client has.
    package static let mainNamespace = "/"

    /// `.event` and `.ack` also where there are attachments.
    package let kind: Kind
    package let namespace: String
    /// The digits by which the answer is known; chosen by whoever asks.
    package let ackID: String?
    /// The JSON as it came; empty where there is none.
    package let json: ByteBuffer
    /// What the JSON's placeholders stand for.
    package var attachments: [ByteBuffer]

    package init(
        _ kind: Kind,
        namespace: String = SocketIOPacket.mainNamespace,
        ackID: String? = nil,
        json: ByteBuffer = ByteBuffer(),
        attachments: [ByteBuffer] = []
    ) {
        self.kind = kind
        self.namespace = namespace
        self.ackID = ackID
        self.json = json
        self.attachments = attachments
    }

    /// The packet as WebSocket frames: one of text, then one for each attachment.
    package var frames: [ByteBuffer] {
        let text = ServerFraming.text { buffer in
            Self.writeHead(kind, namespace: namespace, ackID: ackID, attachments: attachments.count, to: &buffer)
            buffer.writeImmutableBuffer(json)
        }
        return [text] + attachments.map(ServerFraming.binary)
    }

    /// Writes all of an Engine.IO message but the JSON.
    static func writeHead(_ kind: Kind, namespace: String, ackID: String?, attachments: Int = 0, to buffer: inout ByteBuffer) {
        buffer.writeInteger(EngineIOPacket.Kind.message.rawValue)
        if attachments > 0 {
            let binary = kind == .ack ? Kind.binaryAck : .binaryEvent
            buffer.writeInteger(binary.rawValue)
            buffer.writeString("\(attachments)-")
        } else {
            buffer.writeInteger(kind.rawValue)
        }
        if namespace != mainNamespace { buffer.writeString("\(namespace),") }
        if let ackID { buffer.writeString(ackID) }
    }
}
