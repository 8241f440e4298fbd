package import NIOCore

/// The JSON of packets: what each kind may hold, and where an event's arguments are.
package enum SocketIOJSON {
    /// Names that Socket.IO keeps for itself.
    static let reservedNames: Set<String> = [
        "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener",
    ]

    /// An event's name and arguments.
    package struct Event: Hashable, Sendable {
        /// A number's digits where the name is one.
        package let name: String
        /// The first argument; nil where there is none.
        package let argument: ByteBuffer?
        /// All of them as they stand between the name and the closing bracket, without the commas at the ends.
        package let arguments: ByteBuffer
    }

    /// Refuses what a packet of `kind` may not hold.
    static func check(_ json: ByteBuffer, of kind: SocketIOPacket.Kind, attachments: Int) throws(EngineIOViolation) {
        guard json.readableBytes > 0 else {
            guard kind == .connect || kind == .disconnect else { throw .parseError }
            return
        }
        let first = json.getInteger(at: json.readerIndex, as: UInt8.self)
        switch kind {
        case .connect where first == UInt8(ascii: "{"): break
        case .event, .ack, .binaryEvent, .binaryAck:
            guard first == UInt8(ascii: "[") else { throw .parseError }
        case .connectError where first == UInt8(ascii: "{") || first == UInt8(ascii: "\""): break
        default: throw .parseError
        }
        try scan(json) { (scanner) throws(JSONScanner.SyntaxError) in
            if attachments > 0 {
                try checkPlaceholders(&scanner, attachments: attachments, depth: 1)
            } else {
                try scanner.skipValue()
            }
        }
        if kind == .event { _ = try event(json) }
    }

    /// Reads an event.
    ///
    /// - Throws: where it has no name that a client may give.
    package static func event(_ json: ByteBuffer) throws(EngineIOViolation) -> Event {
        var name = ""
        var argument: Range<Int>?
        var start = 0
        try scan(json) { (scanner) throws(JSONScanner.SyntaxError) in
            try scanner.expect("[")
            let begin = scanner.next().map { _ in scanner.position } ?? 0
            if scanner.next() == UInt8(ascii: "\"") {
                name = try scanner.string()
                guard !reservedNames.contains(name) else { throw JSONScanner.SyntaxError() }
            } else {
                guard let byte = scanner.next(), byte == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else {
                    throw JSONScanner.SyntaxError()
                }
                try scanner.skipValue()
                name = json.getString(at: json.readerIndex + begin, length: scanner.position - begin) ?? ""
            }
            if scanner.take(",") {
                _ = scanner.next()
                start = scanner.position
                try scanner.skipValue()
                argument = start..<scanner.position
                while scanner.take(",") { try scanner.skipValue() }
            } else {
                start = scanner.position
            }
            try scanner.expect("]")
            guard scanner.next() == nil else { throw JSONScanner.SyntaxError() }
        }
        var rest = json
        rest.moveReaderIndex(forwardBy: start)
        let end = rest.readableBytesView.lastIndex(of: UInt8(ascii: "]")).map { $0 - rest.readerIndex } ?? 0
        return Event(
            name: name,
            argument: argument.flatMap { json.getSlice(at: json.readerIndex + $0.lowerBound, length: $0.count) },
            arguments: rest.readSlice(length: end) ?? ByteBuffer()
        )
    }

    /// Passes over a value and refuses placeholders of attachments that don't follow.
    private static func checkPlaceholders(
        _ scanner: inout JSONScanner,
        attachments: Int,
        depth: Int
    ) throws(JSONScanner.SyntaxError) {
        guard depth < JSONScanner.maxDepth else { throw JSONScanner.SyntaxError() }
        switch scanner.next() {
        case UInt8(ascii: "["):
            try scanner.expect("[")
            if scanner.take("]") { return }
            repeat { try checkPlaceholders(&scanner, attachments: attachments, depth: depth + 1) } while scanner.take(",")
            try scanner.expect("]")
        case UInt8(ascii: "{"):
            try checkObject(&scanner, attachments: attachments, depth: depth)
        default:
            try scanner.skipValue()
        }
    }

    private static func checkObject(
        _ scanner: inout JSONScanner,
        attachments: Int,
        depth: Int
    ) throws(JSONScanner.SyntaxError) {
        var isPlaceholder = false
        var number: Int64?
        try scanner.expect("{")
        if scanner.take("}") { return }
        repeat {
            let name = try scanner.string()
            try scanner.expect(":")
            if name == "_placeholder", scanner.next() == UInt8(ascii: "t") {
                try scanner.literal("true")
                isPlaceholder = true
            } else if name == "num", let next = scanner.next(), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(next) {
                var ahead = scanner
                try scanner.skipValue()
                number = ahead.digitsOnly().flatMap { ahead.position == scanner.position ? $0 : nil }
            } else {
                try checkPlaceholders(&scanner, attachments: attachments, depth: depth + 1)
            }
        } while scanner.take(",")
        try scanner.expect("}")
        guard isPlaceholder else { return }
        guard let number, number < attachments else { throw JSONScanner.SyntaxError() }
    }

    private static func scan(
        _ json: ByteBuffer,
        _ body: (inout JSONScanner) throws(JSONScanner.SyntaxError) -> Void
    ) throws(EngineIOViolation) {
        let isRead = json.withUnsafeReadableBytes { bytes in
            var scanner = JSONScanner(bytes)
            do throws(JSONScanner.SyntaxError) {
                try body(&scanner)
                return scanner.next() == nil
            } catch {
                return false
            }
        }
        guard isRead else { throw .parseError }
    }
}
