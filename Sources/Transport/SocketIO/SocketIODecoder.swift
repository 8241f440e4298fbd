package import NIOCore

/// Makes packets of one connection's messages: text, and the binary messages that follow a text which announces them.
///
/// After an error the connection can't be read on.
package struct SocketIODecoder: Sendable {
    /// The most attachments of one packet.
    package static let attachmentLimit = 10
    private static let maxNamespaceBytes = 256
    private static let maxAckDigits = 19

    private struct Announced {
        var packet: SocketIOPacket
        let attachments: Int
        var bytes: Int
    }

    private let maxBytes: Int
    private var announced: Announced?

    /// - Parameter maxBytes: of one packet, all its attachments together.
    package init(maxBytes: Int) {
        self.maxBytes = maxBytes
    }

    /// Takes one message in.
    ///
    /// - Parameter message: an Engine.IO message; valid UTF-8 where it is text.
    /// - Returns: the packet that is whole now.
    package mutating func receive(_ message: ByteBuffer, isBinary: Bool) throws(EngineIOViolation) -> SocketIOPacket? {
        guard isBinary else {
            guard announced == nil else { throw .parseError }
            return try receive(text: message)
        }
        guard var announced else { throw .parseError }
        announced.packet.attachments.append(message)
        announced.bytes += message.readableBytes
        guard announced.bytes <= maxBytes else { throw .parseError }
        let isWhole = announced.packet.attachments.count == announced.attachments
        self.announced = isWhole ? nil : announced
        return isWhole ? announced.packet : nil
    }

    private mutating func receive(text: ByteBuffer) throws(EngineIOViolation) -> SocketIOPacket? {
        var rest = text
        guard let announcedKind = rest.readInteger(as: UInt8.self).flatMap(SocketIOPacket.Kind.init) else { throw .parseError }
        let attachments = try Self.attachments(announcedKind, &rest)
        let namespace = try Self.namespace(&rest)
        let ackID = try Self.ackID(&rest)
        let kind =
            switch announcedKind {
            case .binaryEvent: SocketIOPacket.Kind.event
            case .binaryAck: SocketIOPacket.Kind.ack
            default: announcedKind
            }
        try SocketIOJSON.check(rest, of: kind, attachments: attachments)
        let packet = SocketIOPacket(kind, namespace: namespace, ackID: ackID, json: rest)
        guard attachments > 0 else { return packet }
        announced = Announced(packet: packet, attachments: attachments, bytes: text.readableBytes)
        return nil
    }

    /// How many attachments follow; 0 for what has none.
    private static func attachments(_ kind: SocketIOPacket.Kind, _ rest: inout ByteBuffer) throws(EngineIOViolation) -> Int {
        guard kind == .binaryEvent || kind == .binaryAck else { return 0 }
        guard
            let digits = rest.readDigits(upTo: 3), let count = Int(digits), count <= attachmentLimit,
            rest.readInteger(as: UInt8.self) == UInt8(ascii: "-")
        else { throw .parseError }
        return count
    }

    /// Up to the comma, or to the end; a query is no part of its name.
    private static func namespace(_ rest: inout ByteBuffer) throws(EngineIOViolation) -> String {
        guard rest.getInteger(at: rest.readerIndex, as: UInt8.self) == UInt8(ascii: "/") else { return SocketIOPacket.mainNamespace }
        let comma = rest.readableBytesView.firstIndex(of: UInt8(ascii: ","))
        let length = (comma ?? rest.writerIndex) - rest.readerIndex
        guard length <= maxNamespaceBytes, let name = rest.readString(length: length) else { throw .parseError }
        if comma != nil { rest.moveReaderIndex(forwardBy: 1) }
        return String(name.prefix { $0 != "?" })
    }

    private static func ackID(_ rest: inout ByteBuffer) throws(EngineIOViolation) -> String? {
        guard let first = rest.getInteger(at: rest.readerIndex, as: UInt8.self), first.isDigit else { return nil }
        guard let digits = rest.readDigits(upTo: maxAckDigits) else { throw .parseError }
        return digits
    }
}

extension ByteBuffer {
    /// The digits that are next; nil where there are none, or more than `limit`.
    fileprivate mutating func readDigits(upTo limit: Int) -> String? {
        let count = readableBytesView.prefix(limit + 1).prefix { $0.isDigit }.count
        guard (1...limit).contains(count) else { return nil }
        return readString(length: count)
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
}
