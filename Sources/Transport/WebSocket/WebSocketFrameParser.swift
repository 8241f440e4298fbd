package import NIOCore

/// Cuts a stream of bytes into frames (RFC 6455, section 5.2) and refuses what the RFC forbids in a frame by itself.
///
/// A header is judged as soon as it is there, before its payload. Between frames it holds no memory.
package struct WebSocketFrameParser: Sendable {
    /// Whose frames are read: a client's must be masked, a server's must not be (section 5.1).
    package enum Source: Hashable, Sendable {
        case client
        case server
    }

    private struct Header {
        let isFinal: Bool
        let opcode: WebSocketFrame.Opcode
        let mask: UInt32?
        let payloadLength: Int
    }

    private let source: Source
    private let maxPayload: Int
    private var unread: ByteBuffer?
    /// Whether `unread` is this parser's own memory and not the socket's read buffer.
    private var ownsUnread = false
    private var header: Header?

    /// - Parameters:
    ///   - source: who sends.
    ///   - maxPayload: the longest payload of one frame, in bytes.
    package init(source: Source, maxPayload: Int) {
        self.source = source
        self.maxPayload = maxPayload
    }

    /// Takes in what the socket brought.
    package mutating func append(_ bytes: ByteBuffer) {
        guard var held = unread, held.readableBytes > 0 else {
            unread = bytes
            ownsUnread = false
            return
        }
        unread = nil
        held.writeImmutableBuffer(bytes)
        unread = held
        ownsUnread = true
    }

    /// The next whole frame; nil where more bytes are needed.
    ///
    /// - Throws: `WebSocketViolation`; the stream can't be read on after it.
    package mutating func next() throws(WebSocketViolation) -> WebSocketFrame? {
        guard var bytes = unread else { return nil }
        unread = nil
        let header: Header
        if let known = self.header {
            header = known
        } else if let parsed = try parseHeader(&bytes) {
            header = parsed
        } else {
            hold(bytes)
            return nil
        }
        guard let payload = bytes.readSlice(length: header.payloadLength) else {
            self.header = header
            hold(bytes)
            return nil
        }
        self.header = nil
        unread = bytes.readableBytes > 0 ? bytes : nil
        return WebSocketFrame(isFinal: header.isFinal, opcode: header.opcode, payload: Self.unmasked(payload, header.mask))
    }

    /// Keeps a part of a frame in memory of its own, so that the socket's read buffer can be used again.
    private mutating func hold(_ bytes: ByteBuffer) {
        if bytes.readableBytes == 0 {
            unread = nil
        } else if ownsUnread {
            unread = bytes
        } else {
            unread = ByteBuffer(bytes: bytes.readableBytesView)
            ownsUnread = true
        }
    }

    private func parseHeader(_ bytes: inout ByteBuffer) throws(WebSocketViolation) -> Header? {
        let start = bytes.readerIndex
        guard let first = bytes.getInteger(at: start, as: UInt8.self) else { return nil }
        guard first & 0x70 == 0 else { throw .protocolError("reserved bits are set") }
        guard let opcode = WebSocketFrame.Opcode(rawValue: first & 0x0F) else { throw .protocolError("reserved opcode") }
        let isFinal = first & 0x80 != 0
        guard isFinal || !opcode.isControl else { throw .protocolError("fragmented control frame") }
        guard let second = bytes.getInteger(at: start + 1, as: UInt8.self) else { return nil }
        let isMasked = second & 0x80 != 0
        guard isMasked == (source == .client) else {
            throw .protocolError(isMasked ? "masked frame of a server" : "unmasked frame of a client")
        }
        guard !opcode.isControl || second & 0x7F <= WebSocketFrame.maxControlPayload else { throw .protocolError("control frame too long") }
        guard let (length, lengthBytes) = try Self.payloadLength(second & 0x7F, in: bytes, at: start + 2) else { return nil }
        guard length <= maxPayload else { throw .tooLarge }
        var headerBytes = 2 + lengthBytes
        var mask: UInt32?
        if isMasked {
            mask = bytes.getInteger(at: start + headerBytes, as: UInt32.self)
            guard mask != nil else { return nil }
            headerBytes += 4
        }
        bytes.moveReaderIndex(forwardBy: headerBytes)
        return Header(isFinal: isFinal, opcode: opcode, mask: mask, payloadLength: length)
    }

    private static func payloadLength(
        _ short: UInt8,
        in bytes: ByteBuffer,
        at index: Int
    ) throws(WebSocketViolation) -> (length: Int, bytes: Int)? {
        switch short {
        case 126:
            guard let length = bytes.getInteger(at: index, as: UInt16.self) else { return nil }
            guard length > 125 else { throw .protocolError("length not in its shortest form") }
            return (Int(length), 2)
        case 127:
            guard let length = bytes.getInteger(at: index, as: UInt64.self) else { return nil }
            guard length > UInt16.max, length <= UInt64(Int64.max) else { throw .protocolError("length not in its shortest form") }
            return (Int(length), 8)
        default:
            return (Int(short), 0)
        }
    }

    private static func unmasked(_ payload: ByteBuffer, _ mask: UInt32?) -> ByteBuffer {
        guard let mask, payload.readableBytes > 0 else { return payload }
        var copy = ByteBuffer(bytes: payload.readableBytesView)
        copy.applyWebSocketMask(mask)
        return copy
    }
}

extension ByteBuffer {
    /// Masks or unmasks what is readable (RFC 6455, section 5.3), eight bytes at a time.
    package mutating func applyWebSocketMask(_ mask: UInt32) {
        let word = (UInt64(mask) << 32 | UInt64(mask)).bigEndian
        withUnsafeMutableReadableBytes { bytes in
            var index = 0
            while index + 8 <= bytes.count {
                let value = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                bytes.storeBytes(of: value ^ word, toByteOffset: index, as: UInt64.self)
                index += 8
            }
            while index < bytes.count {
                bytes[index] ^= UInt8(truncatingIfNeeded: mask >> UInt32(24 - (index & 3) * 8))
                index += 1
            }
        }
    }
}
