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
    var clientMessageID = Text.absent
    private(set) var content = Text.absent
    private(set) var recipientID = Text.absent
    var channelID = Text.absent
    /// Where the fields of the rarer frames stand in `bytes`: read only if the frame turns out to be one that has them.
    private var others: [OtherField: Range<Int>] = [:]
    private var bytes = ByteBuffer()

    /// Why there are no fields.
    enum SyntaxError: Error {
        case notJSON
        case notAnObject
    }

    /// No field at all.
    init() {}

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
        self.bytes = bytes
    }

    /// The value of a field that few frames have; nil where it is absent.
    func value(_ field: OtherField) -> FrameValue? {
        guard
            let range = others[field],
            let value = bytes.getSlice(at: bytes.readerIndex + range.lowerBound, length: range.count)
        else { return nil }
        return FrameValue(json: value)
    }

    private init(_ scanner: inout JSONScanner) throws(JSONScanner.SyntaxError) {
        try scanner.expect("{")
        if scanner.take("}") { return }
        repeat {
            let name = try scanner.rawString()
            try scanner.expect(":")
            switch try Self.field(name) {
            case .common(let field):
                set(field, try Self.text(&scanner))
            case .other(let field):
                let isNull = scanner.next() == UInt8(ascii: "n")
                let start = scanner.position
                try scanner.skipValue()
                others[field] = isNull ? nil : start..<scanner.position
            case .unknown:
                try scanner.skipValue()
            }
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

    private mutating func set(_ field: CommonField, _ text: Text) {
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

    /// Fields of frames that come often, all of them strings.
    private enum CommonField {
        case type
        case ref
        case token
        case clientMessageID
        case content
        case recipientID
        case channelID
    }

    /// Fields of the other frames, by their names.
    enum OtherField: String, CaseIterable, Hashable {
        case conversationID = "conversationId"
        case messageID = "messageId"
        case emoji
        case operation = "op"
        case since
        case seq
        case isTyping
        case cursors
        case stamp
        case more
        case status
        case userIDs = "userIds"
    }

    private enum Name {
        case common(CommonField)
        case other(OtherField)
        case unknown
    }

    private static func field(_ name: JSONScanner.RawString) throws(JSONScanner.SyntaxError) -> Name {
        name.hasEscapes ? field(named: try JSONScanner.text(name).utf8) : field(named: name.bytes)
    }

    /// The common names differ in their lengths, so that each name is compared with one of them at most.
    private static func field(named name: some Collection<UInt8>) -> Name {
        let (field, text): (CommonField, StaticString)
        switch name.count {
        case 3: (field, text) = (.ref, "ref")
        case 4: (field, text) = (.type, "type")
        case 5: (field, text) = (.token, "token")
        case 7: (field, text) = (.content, "content")
        case 9: (field, text) = (.channelID, "channelId")
        case 11: (field, text) = (.recipientID, "recipientId")
        case 15: (field, text) = (.clientMessageID, "clientMessageId")
        default: return otherField(named: name)
        }
        return text.withUTF8Buffer { $0.elementsEqual(name) } ? .common(field) : otherField(named: name)
    }

    private static func otherField(named name: some Collection<UInt8>) -> Name {
        guard (2...14).contains(name.count) else { return .unknown }
        return OtherField(rawValue: String(decoding: name, as: UTF8.self)).map { .other($0) } ?? .unknown
    }
}
