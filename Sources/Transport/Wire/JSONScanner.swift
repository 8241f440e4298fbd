/// Reads JSON (RFC 8259) in one pass over its bytes, making nothing but the strings that are asked for.
///
/// Holds a pointer: it may be used only while the bytes are.
struct JSONScanner {
    /// The bytes are not JSON, or nested deeper than `maxDepth`.
    struct SyntaxError: Error {}

    /// Arrays and objects inside one another.
    static let maxDepth = 128

    /// A string as it stands between its quotes.
    struct RawString {
        let bytes: UnsafeRawBufferPointer.SubSequence
        let hasEscapes: Bool
    }

    private let bytes: UnsafeRawBufferPointer
    private(set) var position = 0

    /// - Parameter bytes: valid UTF-8.
    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// The byte at which the next value, name or mark begins; nil at the end.
    mutating func next() -> UInt8? {
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"): position += 1
            case let byte: return byte
            }
        }
        return nil
    }

    /// Whether the next byte is `mark`, which is taken then.
    mutating func take(_ mark: Unicode.Scalar) -> Bool {
        guard next() == UInt8(ascii: mark) else { return false }
        position += 1
        return true
    }

    mutating func expect(_ mark: Unicode.Scalar) throws(SyntaxError) {
        guard take(mark) else { throw SyntaxError() }
    }

    mutating func rawString() throws(SyntaxError) -> RawString {
        try expect("\"")
        let start = position
        var hasEscapes = false
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                defer { position += 1 }
                return RawString(bytes: bytes[start..<position], hasEscapes: hasEscapes)
            }
            guard byte >= 0x20 else { throw SyntaxError() }
            if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                position += 1
            }
            position += 1
        }
        throw SyntaxError()
    }

    mutating func string() throws(SyntaxError) -> String {
        try Self.text(try rawString())
    }

    /// Passes over one value of any kind.
    mutating func skipValue(depth: Int = 1) throws(SyntaxError) {
        switch next() {
        case UInt8(ascii: "\""):
            try skipString()
        case UInt8(ascii: "{"):
            guard depth < Self.maxDepth, take("{") else { throw SyntaxError() }
            if take("}") { return }
            repeat {
                try skipString()
                try expect(":")
                try skipValue(depth: depth + 1)
            } while take(",")
            try expect("}")
        case UInt8(ascii: "["):
            guard depth < Self.maxDepth, take("[") else { throw SyntaxError() }
            if take("]") { return }
            repeat { try skipValue(depth: depth + 1) } while take(",")
            try expect("]")
        case UInt8(ascii: "t"): try literal("true")
        case UInt8(ascii: "f"): try literal("false")
        case UInt8(ascii: "n"): try literal("null")
        default: try number()
        }
    }

    private mutating func skipString() throws(SyntaxError) {
        let raw = try rawString()
        if raw.hasEscapes { _ = try Self.text(raw) }
    }

    /// Passes over `text`, which must be next.
    mutating func literal(_ text: StaticString) throws(SyntaxError) {
        for offset in 0..<text.utf8CodeUnitCount {
            guard position < bytes.count, bytes[position] == text.utf8Start[offset] else { throw SyntaxError() }
            position += 1
        }
    }

    /// The bytes that were passed over since `start`.
    func bytes(from start: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[start..<position])
    }

    /// What was passed over since `start`.
    func text(from start: Int) -> String {
        String(decoding: bytes[start..<position], as: UTF8.self)
    }

    /// Reads a number that is written in digits alone and has at most 16 of them; nil for any other, of which a part may have been passed over.
    mutating func digitsOnly() -> Int64? {
        guard next() != nil else { return nil }
        let start = position
        var value: Int64 = 0
        while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) {
            guard position - start < 16 else { return nil }
            value = value * 10 + Int64(bytes[position] - UInt8(ascii: "0"))
            position += 1
        }
        return position > start ? value : nil
    }

    private mutating func number() throws(SyntaxError) {
        takeByte(UInt8(ascii: "-"))
        if !takeByte(UInt8(ascii: "0")) { try digits() }
        if takeByte(UInt8(ascii: ".")) { try digits() }
        if takeByte(UInt8(ascii: "e")) || takeByte(UInt8(ascii: "E")) {
            if !takeByte(UInt8(ascii: "+")) { takeByte(UInt8(ascii: "-")) }
            try digits()
        }
    }

    private mutating func digits() throws(SyntaxError) {
        let start = position
        while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) { position += 1 }
        guard position > start else { throw SyntaxError() }
    }

    @discardableResult
    private mutating func takeByte(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    /// The string that `raw` stands for.
    static func text(_ raw: RawString) throws(SyntaxError) -> String {
        guard raw.hasEscapes else { return String(decoding: raw.bytes, as: UTF8.self) }
        var rest = raw.bytes
        var text: [UInt8] = []
        text.reserveCapacity(rest.count)
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\") {
                try appendEscape(&rest, to: &text)
            } else {
                text.append(byte)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func appendEscape(_ rest: inout UnsafeRawBufferPointer.SubSequence, to text: inout [UInt8]) throws(SyntaxError) {
        switch rest.popFirst() {
        case UInt8(ascii: "\""): text.append(UInt8(ascii: "\""))
        case UInt8(ascii: "\\"): text.append(UInt8(ascii: "\\"))
        case UInt8(ascii: "/"): text.append(UInt8(ascii: "/"))
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text.append(contentsOf: Array(String(try scalar(&rest)).utf8))
        default: throw SyntaxError()
        }
    }

    /// The character of an escape by number; one past U+FFFF is two escapes, a surrogate pair.
    private static func scalar(_ rest: inout UnsafeRawBufferPointer.SubSequence) throws(SyntaxError) -> Unicode.Scalar {
        let unit = try codeUnit(&rest)
        if let scalar = Unicode.Scalar(unit) { return scalar }
        guard unit < 0xDC00, rest.popFirst() == UInt8(ascii: "\\"), rest.popFirst() == UInt8(ascii: "u") else { throw SyntaxError() }
        let low = try codeUnit(&rest)
        guard (0xDC00...0xDFFF).contains(low) else { throw SyntaxError() }
        let value = 0x10000 + (UInt32(unit) - 0xD800) << 10 + (UInt32(low) - 0xDC00)
        guard let scalar = Unicode.Scalar(value) else { throw SyntaxError() }
        return scalar
    }

    private static func codeUnit(_ rest: inout UnsafeRawBufferPointer.SubSequence) throws(SyntaxError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = rest.popFirst(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { throw SyntaxError() }
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }
}
