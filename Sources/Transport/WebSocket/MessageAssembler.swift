package import NIOCore

/// Joins the frames of text messages (RFC 6455, section 5.4). Control frames, which may come in between, are not its matter.
package struct MessageAssembler: Sendable {
    private let maxBytes: Int
    private var parts: ByteBuffer?

    /// - Parameter maxBytes: the longest message, all its frames together.
    package init(maxBytes: Int) {
        self.maxBytes = maxBytes
    }

    /// Takes one data frame in.
    ///
    /// - Returns: the whole message where `frame` was its last; its UTF-8 is checked.
    /// - Throws: `WebSocketViolation`.
    package mutating func receive(_ frame: WebSocketFrame) throws(WebSocketViolation) -> ByteBuffer? {
        switch frame.opcode {
        case .binary:
            throw .binary
        case .text:
            guard parts == nil else { throw .protocolError("new message inside another") }
            guard frame.isFinal else {
                parts = frame.payload
                return nil
            }
            return try Self.checked(frame.payload)
        case .continuation:
            guard var joined = parts else { throw .protocolError("continuation of nothing") }
            guard joined.readableBytes + frame.payload.readableBytes <= maxBytes else { throw .tooLarge }
            parts = nil
            joined.writeImmutableBuffer(frame.payload)
            guard frame.isFinal else {
                parts = joined
                return nil
            }
            return try Self.checked(joined)
        case .close, .ping, .pong:
            preconditionFailure("a control frame is no part of a message")
        }
    }

    private static func checked(_ message: ByteBuffer) throws(WebSocketViolation) -> ByteBuffer {
        guard message.isValidUTF8 else { throw .notUTF8 }
        return message
    }
}

extension ByteBuffer {
    var isValidUTF8: Bool {
        withUnsafeReadableBytes { bytes in
            (try? UTF8Span(validating: Span<UInt8>(_unsafeBytes: bytes))) != nil
        }
    }
}
