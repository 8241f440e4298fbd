/// Reads one value of MessagePack from bytes that somebody else made.
///
/// Besides what the specification has, it understands how notepack.io before its third version wrote dates, `undefined` and array
/// buffers: as extensions of type 0.
package struct MessagePackDecoder {
    /// What is accepted at most.
    package struct Limits: Sendable {
        package var bytes: Int
        /// Arrays and maps inside one another.
        package var depth: Int
        /// Values in the one that is read, names not counted.
        package var values: Int

        package init(bytes: Int = 2 * 1_048_576, depth: Int = 64, values: Int = 262_144) {
            self.bytes = bytes
            self.depth = depth
            self.values = values
        }
    }

    private let bytes: [UInt8]
    private let limits: Limits
    private var position = 0
    private var values = 0

    /// The one value that `bytes` are.
    package static func decode(_ bytes: [UInt8], limits: Limits = Limits()) throws(MessagePackError) -> MessagePackValue {
        guard bytes.count <= limits.bytes else { throw .tooLarge }
        var decoder = Self(bytes: bytes, limits: limits)
        let value = try decoder.value(depth: 0)
        guard decoder.position == bytes.count else { throw .trailingBytes }
        return value
    }

    private init(bytes: [UInt8], limits: Limits) {
        self.bytes = bytes
        self.limits = limits
    }

    private mutating func value(depth: Int) throws(MessagePackError) -> MessagePackValue {
        values += 1
        guard values <= limits.values else { throw .tooLarge }
        let head = try byte()
        switch head {
        case 0x00...0x7F: return .integer(Int64(head))
        case 0x80...0x8F: return try map(of: Int(head & 0x0F), depth: depth)
        case 0x90...0x9F: return try array(of: Int(head & 0x0F), depth: depth)
        case 0xA0...0xBF: return .text(try text(of: Int(head & 0x1F)))
        case 0xC0: return .null
        case 0xC1: throw .reserved
        case 0xC2: return .boolean(false)
        case 0xC3: return .boolean(true)
        case 0xC4...0xC6: return .binary(Array(try take(length(widthCode: head - 0xC4))))
        case 0xC7...0xC9: return try extended(of: length(widthCode: head - 0xC7))
        case 0xCA: return .double(Double(Float(bitPattern: UInt32(try unsigned(bytes: 4)))))
        case 0xCB: return .double(Double(bitPattern: try unsigned(bytes: 8)))
        case 0xCC...0xCF: return Self.number(try unsigned(bytes: 1 << Int(head - 0xCC)))
        case 0xD0...0xD3: return .integer(try signed(bytes: 1 << Int(head - 0xD0)))
        case 0xD4...0xD8: return try extended(of: 1 << Int(head - 0xD4))
        case 0xD9...0xDB: return .text(try text(of: length(widthCode: head - 0xD9)))
        case 0xDC...0xDD: return try array(of: length(widthCode: head - 0xDC + 1), depth: depth)
        case 0xDE...0xDF: return try map(of: length(widthCode: head - 0xDE + 1), depth: depth)
        default: return .integer(Int64(Int8(bitPattern: head)))
        }
    }

    private mutating func array(of count: Int, depth: Int) throws(MessagePackError) -> MessagePackValue {
        try enter(depth, elements: count)
        var elements: [MessagePackValue] = []
        elements.reserveCapacity(count)
        for _ in 0..<count { elements.append(try value(depth: depth + 1)) }
        return .array(elements)
    }

    private mutating func map(of count: Int, depth: Int) throws(MessagePackError) -> MessagePackValue {
        try enter(depth, elements: count * 2)
        var members: [MessagePackMap.Member] = []
        members.reserveCapacity(count)
        for _ in 0..<count {
            let name = try name()
            members.append(MessagePackMap.Member(name, try value(depth: depth + 1)))
        }
        return .map(MessagePackMap(members))
    }

    /// Each element has one byte at least: what claims more is refused before there is room made for it.
    private func enter(_ depth: Int, elements: Int) throws(MessagePackError) {
        guard depth < limits.depth else { throw .tooDeep }
        guard elements <= bytes.count - position else { throw .truncated }
    }

    private mutating func name() throws(MessagePackError) -> String {
        let head = try byte()
        switch head {
        case 0xA0...0xBF: return try text(of: Int(head & 0x1F))
        case 0xD9...0xDB: return try text(of: length(widthCode: head - 0xD9))
        default: throw .nameIsNoText
        }
    }

    private mutating func extended(of count: Int) throws(MessagePackError) -> MessagePackValue {
        let type = Int8(bitPattern: try byte())
        let start = position
        let data = try take(count)
        switch (type, count) {
        case (-1, 4), (-1, 8), (-1, 12):
            position = start
            return .timestamp(try timestamp(of: count))
        case (0, 1) where data.first == 0:
            return .null
        case (0, 8):
            position = start
            return .timestamp(MessagePackTimestamp(milliseconds: try signed(bytes: 8)))
        case (0, _):
            return .binary(Array(data))
        default:
            return .extended(type: type, Array(data))
        }
    }

    private mutating func timestamp(of count: Int) throws(MessagePackError) -> MessagePackTimestamp {
        let timestamp: MessagePackTimestamp
        switch count {
        case 4:
            timestamp = MessagePackTimestamp(seconds: Int64(try unsigned(bytes: 4)), nanoseconds: 0)
        case 8:
            let both = try unsigned(bytes: 8)
            timestamp = MessagePackTimestamp(seconds: Int64(both & 0x3_FFFF_FFFF), nanoseconds: UInt32(both >> 34))
        default:
            let nanoseconds = UInt32(try unsigned(bytes: 4))
            timestamp = MessagePackTimestamp(seconds: try signed(bytes: 8), nanoseconds: nanoseconds)
        }
        guard timestamp.nanoseconds < 1_000_000_000 else { throw .invalidTimestamp }
        return timestamp
    }

    /// A length of one, two or four bytes.
    private mutating func length(widthCode: UInt8) throws(MessagePackError) -> Int {
        Int(try unsigned(bytes: 1 << Int(widthCode)))
    }

    /// Text as JavaScript made it: what is not UTF-8 is repaired.
    private mutating func text(of count: Int) throws(MessagePackError) -> String {
        String(decoding: try take(count), as: UTF8.self)
    }

    private mutating func byte() throws(MessagePackError) -> UInt8 {
        guard position < bytes.count else { throw .truncated }
        defer { position += 1 }
        return bytes[position]
    }

    private mutating func take(_ count: Int) throws(MessagePackError) -> ArraySlice<UInt8> {
        guard count <= bytes.count - position else { throw .truncated }
        defer { position += count }
        return bytes[position..<position + count]
    }

    private mutating func unsigned(bytes count: Int) throws(MessagePackError) -> UInt64 {
        try take(count).reduce(0) { $0 << 8 | UInt64($1) }
    }

    private mutating func signed(bytes count: Int) throws(MessagePackError) -> Int64 {
        let shift = UInt64(64 - count * 8)
        return Int64(bitPattern: try unsigned(bytes: count) << shift) >> Int64(shift)
    }

    private static func number(_ value: UInt64) -> MessagePackValue {
        Int64(exactly: value).map { .integer($0) } ?? .unsigned(value)
    }
}
