import NIOCore

/// A client frame's fields as JSON has them, before any rule: a field of a wrong type doesn't hide the others.
struct FrameFields {
    /// What stands under a name; JSON's `null` counts as absent.
    enum Text: Hashable {
        case absent
        case value(String)
        case wrongType
    }

    private(set) var type = Text.absent
    private(set) var ref = Text.absent
    private(set) var token = Text.absent
    private(set) var clientMessageID = Text.absent
    private(set) var content = Text.absent
    private(set) var recipientID = Text.absent
    private(set) var channelID = Text.absent

    /// Why there are no fields.
    enum SyntaxError: Error {
        case notJSON
        case notAnObject
    }

    /// Reads one JSON object; of a name that stands twice the last one counts.
    ///
    /// - Parameter bytes: valid UTF-8.
    init(parsing bytes: ByteBuffer) throws(SyntaxError) {
        let result = bytes.withUnsafeReadableBytes { bytes -> Result<FrameFields, SyntaxError> in
            var scanner = JSONScanner(bytes)
            do throws(JSONScanner.SyntaxError) {
                guard scanner.next() == UInt8(ascii: "{") else {
                    try scanner.skipValue()
                    return .failure(scanner.next() == nil ? .notAnObject : .notJSON)
                }
                let fields = try FrameFields(&scanner)
                return scanner.next() == nil ? .success(fields) : .failure(.notJSON)
            } catch {
                return .failure(.notJSON)
            }
        }
        self = try result.get()
    }

    private init(_ scanner: inout JSONScanner) throws(JSONScanner.SyntaxError) {
        try scanner.expect("{")
        if scanner.take("}") { return }
        repeat {
            let name = try scanner.rawString()
            try scanner.expect(":")
            guard let field = try Self.field(name) else {
                try scanner.skipValue()
                continue
            }
            set(field, try Self.text(&scanner))
        } while scanner.take(",")
        try scanner.expect("}")
    }

    private static func text(_ scanner: inout JSONScanner) throws(JSONScanner.SyntaxError) -> Text {
        switch scanner.next() {
        case UInt8(ascii: "\""):
            return .value(try scanner.string())
        case UInt8(ascii: "n"):
            try scanner.literal("null")
            return .absent
        default:
            try scanner.skipValue()
            return .wrongType
        }
    }

    private mutating func set(_ field: Field, _ text: Text) {
        switch field {
        case .type: type = text
        case .ref: ref = text
        case .token: token = text
        case .clientMessageID: clientMessageID = text
        case .content: content = text
        case .recipientID: recipientID = text
        case .channelID: channelID = text
        }
    }

    private enum Field {
        case type
        case ref
        case token
        case clientMessageID
        case content
        case recipientID
        case channelID
    }

    /// Nil for a name that the protocol doesn't know.
    private static func field(_ name: JSONScanner.RawString) throws(JSONScanner.SyntaxError) -> Field? {
        name.hasEscapes ? field(named: try JSONScanner.text(name).utf8) : field(named: name.bytes)
    }

    /// The names differ in their lengths, so that each is compared with one at most.
    private static func field(named name: some Collection<UInt8>) -> Field? {
        let (field, text): (Field, StaticString)
        switch name.count {
        case 3: (field, text) = (.ref, "ref")
        case 4: (field, text) = (.type, "type")
        case 5: (field, text) = (.token, "token")
        case 7: (field, text) = (.content, "content")
        case 9: (field, text) = (.channelID, "channelId")
        case 11: (field, text) = (.recipientID, "recipientId")
        case 15: (field, text) = (.clientMessageID, "clientMessageId")
        default: return nil
        }
        return text.withUTF8Buffer { $0.elementsEqual(name) } ? field : nil
    }
}
