package import Actors
package import NIOCore

/// Whole frames as a server writes them: unmasked, header and payload in one buffer (RFC 6455, section 5.2).
package enum ServerFraming {
    private static let longestHeader = 10

    /// An event as one text message; the same for every receiver.
    package static func frame(_ event: Event) -> ByteBuffer {
        text { EventEncoder.encode(event, into: &$0) }
    }

    /// One text message whose payload `write` appends.
    static func text(_ write: (inout ByteBuffer) -> Void) -> ByteBuffer {
        var payload = ByteBuffer()
        payload.reserveCapacity(512)
        // The header stands before the payload once its length is known, so that nothing is copied.
        payload.moveWriterIndex(to: longestHeader)
        payload.moveReaderIndex(to: longestHeader)
        write(&payload)
        let length = payload.readableBytes
        let start = longestHeader - headerLength(payload: length)
        payload.moveReaderIndex(to: start)
        setHeader(.text, length: length, in: &payload, at: start)
        return payload
    }

    /// The events that all receivers share are encoded at the first of them.
    package static func frame(_ event: SharedEvent) -> ByteBuffer {
        event.encoded(by: ServerFraming.self) { frame($0) }
    }

    package static func control(_ opcode: WebSocketFrame.Opcode, payload: ByteBuffer = ByteBuffer()) -> ByteBuffer {
        var frame = ByteBuffer()
        let headerLength = headerLength(payload: payload.readableBytes)
        frame.reserveCapacity(headerLength + payload.readableBytes)
        frame.moveWriterIndex(to: headerLength)
        setHeader(opcode, length: payload.readableBytes, in: &frame, at: 0)
        frame.writeImmutableBuffer(payload)
        return frame
    }

    /// One binary message.
    static func binary(_ payload: ByteBuffer) -> ByteBuffer {
        control(.binary, payload: payload)
    }

    static func isBinary(_ frame: ByteBuffer) -> Bool {
        frame.getInteger(at: frame.readerIndex, as: UInt8.self) == 0x80 | WebSocketFrame.Opcode.binary.rawValue
    }

    /// What a frame of this server carries.
    static func payload(of frame: ByteBuffer) -> ByteBuffer {
        let short = frame.getInteger(at: frame.readerIndex + 1, as: UInt8.self) ?? 0
        let header = short < 126 ? 2 : short == 126 ? 4 : longestHeader
        return frame.getSlice(at: frame.readerIndex + header, length: frame.readableBytes - header) ?? ByteBuffer()
    }

    /// A ping without payload.
    static let ping = control(.ping)

    private static func headerLength(payload: Int) -> Int {
        switch payload {
        case ...125: 2
        case ...Int(UInt16.max): 4
        default: longestHeader
        }
    }

    private static func setHeader(_ opcode: WebSocketFrame.Opcode, length: Int, in buffer: inout ByteBuffer, at index: Int) {
        buffer.setInteger(0x80 | opcode.rawValue, at: index)
        switch headerLength(payload: length) {
        case 2:
            buffer.setInteger(UInt8(length), at: index + 1)
        case 4:
            buffer.setInteger(UInt8(126), at: index + 1)
            buffer.setInteger(UInt16(length), at: index + 2)
        default:
            buffer.setInteger(UInt8(127), at: index + 1)
            buffer.setInteger(UInt64(length), at: index + 2)
        }
    }
}
