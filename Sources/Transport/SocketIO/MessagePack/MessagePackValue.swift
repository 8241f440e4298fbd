/// A value that MessagePack carries (https://github.com/msgpack/msgpack/blob/master/spec.md); JSON carries those without binary.
package enum MessagePackValue: Hashable, Sendable {
    case null
    case boolean(Bool)
    case integer(Int64)
    /// Above `Int64.max`; smaller ones are an `integer`.
    case unsigned(UInt64)
    case double(Double)
    case text(String)
    case binary([UInt8])
    case array([MessagePackValue])
    case map(MessagePackMap)
    case timestamp(MessagePackTimestamp)
    /// Of a type that this has no case for.
    case extended(type: Int8, [UInt8])
}

/// Named values in the order in which they came. Two maps with the same members are equal in whatever order.
package struct MessagePackMap: Hashable, Sendable {
    package struct Member: Hashable, Sendable {
        package let name: String
        package let value: MessagePackValue

        package init(_ name: String, _ value: MessagePackValue) {
            self.name = name
            self.value = value
        }
    }

    package let members: [Member]

    package init(_ members: [Member]) {
        self.members = members
    }

    /// The member of that name; of several the last, as in JavaScript.
    package subscript(name: String) -> MessagePackValue? {
        members.last { $0.name == name }?.value
    }

    package static func == (lhs: Self, rhs: Self) -> Bool {
        lhs.byName == rhs.byName
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(byName)
    }

    private var byName: [String: MessagePackValue] {
        Dictionary(members.map { ($0.name, $0.value) }) { $1 }
    }
}

/// A moment as MessagePack's extension -1 has it.
package struct MessagePackTimestamp: Hashable, Sendable {
    /// Since 1970-01-01T00:00:00Z.
    package let seconds: Int64
    /// Below 1,000,000,000.
    package let nanoseconds: UInt32

    package init(seconds: Int64, nanoseconds: UInt32) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    package init(milliseconds: Int64) {
        let (quotient, remainder) = milliseconds.quotientAndRemainder(dividingBy: 1_000)
        seconds = remainder < 0 ? quotient - 1 : quotient
        nanoseconds = UInt32((remainder < 0 ? remainder + 1_000 : remainder) * 1_000_000)
    }

    /// Nil where they are more than a number holds.
    package var milliseconds: Int64? {
        let (product, isTooMuch) = seconds.multipliedReportingOverflow(by: 1_000)
        let (sum, overflows) = product.addingReportingOverflow(Int64(nanoseconds / 1_000_000))
        return isTooMuch || overflows ? nil : sum
    }
}

extension MessagePackValue: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral, ExpressibleByStringLiteral,
    ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral, ExpressibleByNilLiteral
{
    package init(dictionaryLiteral elements: (String, MessagePackValue)...) {
        self = .map(MessagePackMap(elements.map { MessagePackMap.Member($0.0, $0.1) }))
    }

    package init(arrayLiteral elements: MessagePackValue...) { self = .array(elements) }
    package init(stringLiteral value: String) { self = .text(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(booleanLiteral value: Bool) { self = .boolean(value) }
    package init(nilLiteral: ()) { self = .null }

    /// A list of texts.
    package init(_ texts: [String]) {
        self = .array(texts.map { .text($0) })
    }
}

extension MessagePackValue {
    package var text: String? {
        if case .text(let text) = self { text } else { nil }
    }

    package var integer: Int64? {
        if case .integer(let integer) = self { integer } else { nil }
    }

    package var boolean: Bool? {
        if case .boolean(let boolean) = self { boolean } else { nil }
    }

    package var array: [MessagePackValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    package var isNull: Bool {
        if case .null = self { true } else { false }
    }

    /// The texts of an array; nil where it is none, or holds anything else.
    package var texts: [String]? {
        guard let array else { return nil }
        let texts = array.compactMap(\.text)
        return texts.count == array.count ? texts : nil
    }

    /// The member of a map; nil where this is none or has none of that name.
    package subscript(name: String) -> MessagePackValue? {
        if case .map(let map) = self { map[name] } else { nil }
    }

    /// Whether there is binary in it, at whatever depth.
    package var hasBinary: Bool {
        switch self {
        case .binary: true
        case .array(let elements): elements.contains(where: \.hasBinary)
        case .map(let map): map.members.contains(where: \.value.hasBinary)
        case .null, .boolean, .integer, .unsigned, .double, .text, .timestamp, .extended: false
        }
    }
}
