/// A UUIDv7 (RFC 9562, section 5.7) that names one kind of thing: ids of users and of sessions are different types.
///
/// Its only text form is the canonical one: lower case, 36 characters.
package struct Identifier<Entity>: Hashable, Comparable, Sendable {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Reads the canonical text form; nil for anything else, upper case included.
    package init?(_ text: some StringProtocol) {
        guard let id = text.withUTF8Bytes(Self.init(utf8:)) else { return nil }
        self = id
    }

    init?(utf8 bytes: UnsafeBufferPointer<UInt8>) {
        guard bytes.count == 36 else { return nil }
        var words: (UInt64, UInt64) = (0, 0)
        for position in bytes.indices {
            switch position {
            case 8, 13, 18, 23:
                guard bytes[position] == UInt8(ascii: "-") else { return nil }
            default:
                guard let digit = Self.hexValue(bytes[position]) else { return nil }
                words.0 = words.0 << 4 | words.1 >> 60
                words.1 = words.1 << 4 | UInt64(digit)
            }
        }
        self.init(high: words.0, low: words.1)
    }

    package static func < (lhs: Self, rhs: Self) -> Bool {
        (lhs.high, lhs.low) < (rhs.high, rhs.low)
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}

extension Identifier {
    /// When it was made, by the clock of who made it (RFC 9562, section 5.7).
    package var time: Timestamp { Timestamp(milliseconds: Int64(high >> 16)) }
}

extension Identifier: CustomStringConvertible {
    /// Bytes of the text form.
    package static var textLength: Int { 36 }

    package var description: String {
        String(unsafeUninitializedCapacity: Self.textLength) { buffer in
            write(to: UnsafeMutableRawBufferPointer(buffer))
            return Self.textLength
        }
    }

    /// Writes the text form.
    ///
    /// - Parameter buffer: has room for `textLength` bytes.
    package func write(to buffer: UnsafeMutableRawBufferPointer) {
        var position = 0
        for index in 0..<32 {
            if index == 8 || index == 12 || index == 16 || index == 20 {
                buffer[position] = UInt8(ascii: "-")
                position += 1
            }
            let word = index < 16 ? high : low
            let digit = UInt8(truncatingIfNeeded: word >> UInt64(60 - (index % 16) * 4)) & 0xF
            buffer[position] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
            position += 1
        }
    }
}

/// Names for `Identifier`'s kinds; none of them has a value.
package enum Entity {
    package enum User {}
    package enum Session {}
    package enum Message {}
    package enum BusEvent {}
}

package typealias UserID = Identifier<Entity.User>
package typealias SessionID = Identifier<Entity.Session>
package typealias MessageID = Identifier<Entity.Message>
package typealias BusEventID = Identifier<Entity.BusEvent>

/// Names one socket on this instance; never reused while the process lives, never shown to a client.
package struct ConnectionID: Hashable, Sendable {
    package let value: UInt64

    package init(_ value: UInt64) {
        self.value = value
    }
}

extension StringProtocol {
    /// Calls `body` with the text's UTF-8. What parses ids goes by bytes: a walk over characters takes ten times as long.
    func withUTF8Bytes<Value>(_ body: (UnsafeBufferPointer<UInt8>) -> Value) -> Value {
        if let value = utf8.withContiguousStorageIfAvailable(body) { return value }
        var copy = String(self)
        return copy.withUTF8(body)
    }
}
