package import NIOCore

/// The payload of a close frame (RFC 6455, sections 5.5.1 and 7.4).
package struct CloseStatus: Hashable, Sendable {
    /// Nil where the frame was empty.
    package let code: UInt16?
    package let reason: String

    package init(code: UInt16?, reason: String = "") {
        self.code = code
        self.reason = reason
    }

    /// Reads a received payload.
    ///
    /// - Throws: `WebSocketViolation` for half a code, a code that may not be sent, and a reason that is not UTF-8.
    package init(parsing payload: ByteBuffer) throws(WebSocketViolation) {
        var payload = payload
        guard payload.readableBytes > 0 else {
            self.init(code: nil)
            return
        }
        guard let code = payload.readInteger(as: UInt16.self), Self.maySend(code) else { throw .protocolError("invalid close code") }
        guard payload.isValidUTF8 else { throw .notUTF8 }
        self.init(code: code, reason: String(buffer: payload))
    }

    /// The payload to send; a reason past 123 bytes is cut at a character.
    package var payload: ByteBuffer {
        guard let code else { return ByteBuffer() }
        var payload = ByteBuffer(integer: code)
        for character in reason {
            let bytes = character.utf8
            guard payload.readableBytes + bytes.count <= WebSocketFrame.maxControlPayload else { break }
            payload.writeBytes(bytes)
        }
        return payload
    }

    /// 1004 to 1006 and 1015 never travel; 1012 to 1014 are registered since the RFC.
    private static func maySend(_ code: UInt16) -> Bool {
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }
}
