package import NIOCore

/// One frame of RFC 6455, its payload unmasked.
package struct WebSocketFrame: Hashable, Sendable {
    /// What a frame is (section 5.2).
    package enum Opcode: UInt8, Hashable, Sendable {
        case continuation = 0x0
        case text = 0x1
        case binary = 0x2
        case close = 0x8
        case ping = 0x9
        case pong = 0xA

        package var isControl: Bool { rawValue & 0x8 != 0 }
    }

    /// The longest payload of a control frame, in bytes (section 5.5).
    package static let maxControlPayload = 125

    package let isFinal: Bool
    package let opcode: Opcode
    package let payload: ByteBuffer

    package init(isFinal: Bool = true, opcode: Opcode, payload: ByteBuffer) {
        self.isFinal = isFinal
        self.opcode = opcode
        self.payload = payload
    }
}

/// What the other end did against RFC 6455, and the close code that answers it.
package struct WebSocketViolation: Error, Hashable, Sendable {
    package let code: UInt16
    /// For people; becomes the close frame's text.
    package let reason: String

    package init(code: UInt16, reason: String) {
        self.code = code
        self.reason = reason
    }

    static func protocolError(_ reason: String) -> Self {
        Self(code: 1002, reason: reason)
    }

    static let notUTF8 = Self(code: 1007, reason: "not valid UTF-8")
    static let tooLarge = Self(code: 1009, reason: "message too large")
    static let binary = Self(code: 1003, reason: "text messages only")
}
