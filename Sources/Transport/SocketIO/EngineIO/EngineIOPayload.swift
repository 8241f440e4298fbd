import FoundationEssentials
package import NIOCore

/// Packets in the body of a long-polling request or its answer: separated by 0x1E, binary ones in base64 behind a `b`.
package enum EngineIOPayload {
    /// The most packets that one body may hold.
    package static let packetLimit = 10_000
    private static let separator: UInt8 = 0x1E
    private static let binaryMark = UInt8(ascii: "b")

    /// Reads the body of a POST.
    package static func decode(_ body: ByteBuffer) throws(EngineIOViolation) -> [EngineIOPacket] {
        guard body.isValidUTF8 else { throw .parseError }
        var packets: [EngineIOPacket] = []
        var rest = body
        while true {
            guard packets.count < packetLimit else { throw .parseError }
            let length = rest.readableBytesView.firstIndex(of: separator).map { $0 - rest.readerIndex } ?? rest.readableBytes
            guard let part = rest.readSlice(length: length) else { throw .parseError }
            packets.append(try packet(part))
            guard rest.readInteger(as: UInt8.self) != nil else { return packets }
        }
    }

    /// Makes the body of an answer.
    ///
    /// - Parameter frames: packets as WebSocket frames of this server.
    package static func encode(_ frames: [ByteBuffer]) -> ByteBuffer {
        var body = ByteBuffer()
        body.reserveCapacity(frames.reduce(0) { $0 + $1.readableBytes + 1 })
        for (index, frame) in frames.enumerated() {
            if index > 0 { body.writeInteger(separator) }
            let payload = ServerFraming.payload(of: frame)
            if ServerFraming.isBinary(frame) {
                body.writeInteger(binaryMark)
                body.writeString(Data(payload.readableBytesView).base64EncodedString())
            } else {
                body.writeImmutableBuffer(payload)
            }
        }
        return body
    }

    private static func packet(_ part: ByteBuffer) throws(EngineIOViolation) -> EngineIOPacket {
        guard part.getInteger(at: part.readerIndex, as: UInt8.self) == binaryMark else { return try EngineIOPacket(parsing: part) }
        guard let bytes = Data(base64Encoded: Data(part.readableBytesView.dropFirst())) else { throw .parseError }
        return EngineIOPacket(binary: ByteBuffer(bytes: bytes))
    }
}
