package import NIOCore

/// One whole message of a client.
package struct WebSocketMessage: Hashable, Sendable {
    /// Valid UTF-8 where it is text.
    package let payload: ByteBuffer
    package let isBinary: Bool
}

/// Joins the frames of messages (RFC 6455, section 5.4). Control frames, which may come in between, are not its matter.
package struct MessageAssembler: Sendable {
    private let maxBytes: Int
    private let takesBinary: Bool
    private var parts: WebSocketMessage?

    /// - Parameters:
    ///   - maxBytes: the longest message, all its frames together.
    ///   - takesBinary: whether messages may be binary.
    package init(maxBytes: Int, takesBinary: Bool = false) {
        self.maxBytes = maxBytes
        self.takesBinary = takesBinary
    }

    /// Takes one data frame in.
    ///
    /// - Returns: the whole message where `frame` was its last.
    /// - Throws: `WebSocketViolation`.
    package mutating func receive(_ frame: WebSocketFrame) throws(WebSocketViolation) -> WebSocketMessage? {
        switch frame.opcode {
        case .binary where !takesBinary:
            throw .binary
        case .text, .binary:
            guard parts == nil else { throw .protocolError("new message inside another") }
            let message = WebSocketMessage(payload: frame.payload, isBinary: frame.opcode == .binary)
            guard frame.isFinal else {
                parts = message
                return nil
            }
            return try Self.checked(message)
        case .continuation:
            guard let begun = parts else { throw .protocolError("continuation of nothing") }
            guard begun.payload.readableBytes + frame.payload.readableBytes <= maxBytes else { throw .tooLarge }
            parts = nil
            var joined = begun.payload
            joined.writeImmutableBuffer(frame.payload)
            let message = WebSocketMessage(payload: joined, isBinary: begun.isBinary)
            guard frame.isFinal else {
                parts = message
                return nil
            }
            return try Self.checked(message)
        case .close, .ping, .pong:
            preconditionFailure("a control frame is no part of a message")
        }
    }

    private static func checked(_ message: WebSocketMessage) throws(WebSocketViolation) -> WebSocketMessage {
        guard message.isBinary || message.payload.isValidUTF8 else { throw .notUTF8 }
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
