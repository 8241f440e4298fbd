import NIOCore

/// Frames as a client writes them (RFC 6455, section 5.2), and as it must not: nothing is checked.
enum ClientFraming {
    static func frame(opcode: UInt8, payload: ByteBuffer, isFinal: Bool = true, reservedBits: UInt8 = 0, mask: UInt32?) -> ByteBuffer {
        var frame = ByteBuffer()
        frame.reserveCapacity(14 + payload.readableBytes)
        frame.writeInteger((isFinal ? 0x80 : 0) | (reservedBits & 0x7) << 4 | opcode & 0xF)
        let maskBit: UInt8 = mask == nil ? 0 : 0x80
        switch payload.readableBytes {
        case let length where length <= 125:
            frame.writeInteger(maskBit | UInt8(length))
        case let length where length <= Int(UInt16.max):
            frame.writeInteger(maskBit | 126)
            frame.writeInteger(UInt16(length))
        case let length:
            frame.writeInteger(maskBit | 127)
            frame.writeInteger(UInt64(length))
        }
        guard let mask else {
            frame.writeImmutableBuffer(payload)
            return frame
        }
        frame.writeInteger(mask)
        var masked = payload
        masked.applyWebSocketMask(mask)
        frame.writeImmutableBuffer(masked)
        return frame
    }
}
