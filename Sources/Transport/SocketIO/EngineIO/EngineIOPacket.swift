package import NIOCore

/// One packet of Engine.IO, version 4.
package struct EngineIOPacket: Hashable, Sendable {
    /// The first character of a packet that is text.
    package enum Kind: UInt8, Hashable, Sendable, CaseIterable {
        case open = 0x30
        case close
        case ping
        case pong
        case message
        case upgrade
        case noop
    }

    package let kind: Kind
    /// What follows the first character; of a binary message all of it.
    package let payload: ByteBuffer
    /// Binary packets are messages.
    package let isBinary: Bool

    package init(_ kind: Kind, _ payload: ByteBuffer = ByteBuffer()) {
        self.kind = kind
        self.payload = payload
        isBinary = false
    }

    package init(binary payload: ByteBuffer) {
        kind = .message
        self.payload = payload
        isBinary = true
    }

    /// Reads a packet that is text, as it stands in one WebSocket message or between the separators of a polling payload.
    ///
    /// - Parameter text: valid UTF-8.
    package init(parsing text: ByteBuffer) throws(EngineIOViolation) {
        var payload = text
        guard let kind = payload.readInteger(as: UInt8.self).flatMap(Kind.init) else { throw .parseError }
        self.init(kind, payload)
    }

    /// The whole packet in one WebSocket message, its header included.
    package var frame: ByteBuffer {
        guard !isBinary else { return ServerFraming.binary(payload) }
        return ServerFraming.text {
            $0.writeInteger(kind.rawValue)
            $0.writeImmutableBuffer(payload)
        }
    }
}

/// What ends a connection as it is not Engine.IO or Socket.IO.
package enum EngineIOViolation: Error, Hashable, Sendable {
    case parseError
    /// A client doesn't ping: since version 4 the server does.
    case wrongHeartbeatDirection
}
