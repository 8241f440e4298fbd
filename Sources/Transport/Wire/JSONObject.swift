/// The members of one JSON object as they stand in its bytes: known to be JSON, and read only when somebody asks. Of a name that stands twice
/// the first one counts.
///
/// Holds a pointer, as its scanner does.
struct JSONObject {
    private var members: [(name: JSONScanner.RawString, value: JSONValue)] = []

    /// Reads the object that is next.
    init(_ scanner: inout JSONScanner) throws(JSONScanner.SyntaxError) {
        try scanner.expect("{")
        if scanner.take("}") { return }
        members.reserveCapacity(16)
        repeat {
            let name = try scanner.rawString()
            if name.hasEscapes { _ = try JSONScanner.text(name) }
            try scanner.expect(":")
            members.append((name, JSONValue(json: try scanner.value(depth: 2))))
        } while scanner.take(",")
        try scanner.expect("}")
    }

    /// The value under a name; nil where there is none.
    subscript(name: StaticString) -> JSONValue? {
        members.first { $0.name == name }?.value
    }

    /// Each name once, with its value.
    func forEach<Failure: Error>(_ body: (String, JSONValue) throws(Failure) -> Void) throws(Failure) {
        var known: Set<String> = []
        for member in members {
            guard let name = try? JSONScanner.text(member.name), known.insert(name).inserted else { continue }
            try body(name, member.value)
        }
    }
}

/// One value in JSON, known to be that.
///
/// Holds a pointer, as its scanner does.
struct JSONValue {
    private let json: UnsafeRawBufferPointer

    /// - Parameter json: one value, without space around it.
    init(json: UnsafeRawBufferPointer) {
        self.json = json
    }

    var isNull: Bool { json.first == UInt8(ascii: "n") }

    var isText: Bool { json.first == UInt8(ascii: "\"") }

    /// Whether it stands for the same string as another one; only different escapes make it necessary to read them.
    func isSameText(as other: JSONValue) -> Bool {
        isText && (json.elementsEqual(other.json) || text == other.text)
    }

    /// The string; nil for another kind.
    var text: String? {
        guard isText else { return nil }
        var scanner = JSONScanner(json)
        return try? scanner.string()
    }

    /// The integer, be it written with a fraction or an exponent; nil for another number or kind.
    var integer: Int64? {
        guard let digits else { return nil }
        return Int64(digits) ?? Double(digits).flatMap { Int64(exactly: $0) }
    }

    /// The number; nil for another kind.
    var number: Double? { digits.flatMap { Double($0) } }

    /// A number as it is written.
    private var digits: String? {
        guard let first = json.first, first == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            return nil
        }
        return String(decoding: json, as: UTF8.self)
    }

    var boolean: Bool? {
        switch json.first {
        case UInt8(ascii: "t"): true
        case UInt8(ascii: "f"): false
        default: nil
        }
    }

    var object: JSONObject? {
        guard json.first == UInt8(ascii: "{") else { return nil }
        var scanner = JSONScanner(json)
        return try? JSONObject(&scanner)
    }

    /// The strings of an array; nil for another kind, and where something else is among them.
    var texts: [String]? {
        guard json.first == UInt8(ascii: "[") else { return nil }
        var scanner = JSONScanner(json)
        guard scanner.take("[") else { return nil }
        var texts: [String] = []
        if scanner.take("]") { return texts }
        repeat {
            guard scanner.next() == UInt8(ascii: "\""), let text = try? scanner.string() else { return nil }
            texts.append(text)
        } while scanner.take(",")
        return texts
    }
}

extension JSONScanner {
    /// Passes over one value of any kind.
    ///
    /// - Parameter depth: arrays and objects that it is inside of, and itself.
    /// - Returns: its bytes.
    mutating func value(depth: Int) throws(SyntaxError) -> UnsafeRawBufferPointer {
        _ = next()
        let start = position
        try skipValue(depth: depth)
        return bytes(from: start)
    }
}

extension JSONScanner.RawString {
    static func == (string: Self, text: StaticString) -> Bool {
        guard !string.hasEscapes else { return (try? JSONScanner.text(string)) == text.description }
        return string.bytes.count == text.utf8CodeUnitCount && string.bytes.elementsEqual(text.withUTF8Buffer { $0 })
    }
}
