import NIOCore

/// One value of a frame as it stands in its JSON: known to be JSON, and read only when somebody asks.
struct FrameValue {
    /// The highest integer that every JSON reader keeps exactly: JavaScript's numbers are exact up to it.
    static let maxInteger: Int64 = 9_007_199_254_740_991

    private let json: ByteBuffer

    /// - Parameter json: one value, without space around it.
    init(json: ByteBuffer) {
        self.json = json
    }

    /// The string; nil where it is none or surely longer than `maxBytes`. Costs no more than those bytes, however long the value is.
    func text(upTo maxBytes: Int) -> String? {
        read { scanner in
            guard json.readableBytes <= Self.longestJSON(of: maxBytes) + 2 else { return nil }
            return try? scanner.string()
        }
    }

    /// The integer from 0 to 2^53 - 1, written in digits alone: no sign, no fraction, no exponent.
    var integer: Int64? {
        read { scanner in
            guard let value = scanner.digitsOnly(), scanner.next() == nil, value <= Self.maxInteger else { return nil }
            return value
        }
    }

    var boolean: Bool? {
        switch json.getInteger(at: json.readerIndex, as: UInt8.self) {
        case UInt8(ascii: "t"): true
        case UInt8(ascii: "f"): false
        default: nil
        }
    }

    /// What `element` makes of each string of an array; nil where the value is something else, holds more than `limit` elements, one that is no
    /// string or longer than `maxBytes`, or one that `element` has nothing for.
    func list<Element>(upTo limit: Int, of maxBytes: Int, _ element: (String) -> Element?) -> [Element]? {
        read { scanner in
            guard scanner.take("[") else { return nil }
            var elements: [Element] = []
            if scanner.take("]") { return elements }
            repeat {
                guard elements.count < limit, let text = Self.shortText(&scanner, maxBytes), let value = element(text) else { return nil }
                elements.append(value)
            } while scanner.take(",")
            return elements
        }
    }

    /// The integers of an object by what `key` makes of their names, of equal ones the last; nil as with `list`, and where an integer is not one
    /// that `integer` would answer.
    func integers<Key>(upTo limit: Int, named maxBytes: Int, _ key: (String) -> Key?) -> [Key: Int64]? {
        read { scanner in
            guard scanner.take("{") else { return nil }
            var values: [Key: Int64] = [:]
            if scanner.take("}") { return values }
            var count = 0
            repeat {
                count += 1
                guard
                    count <= limit,
                    let name = Self.shortText(&scanner, maxBytes).flatMap(key),
                    scanner.take(":"),
                    let value = scanner.digitsOnly(),
                    value <= Self.maxInteger
                else { return nil }
                values[name] = value
            } while scanner.take(",")
            // A number that goes on after its digits leaves something else here.
            return scanner.take("}") ? values : nil
        }
    }

    private static func shortText(_ scanner: inout JSONScanner, _ maxBytes: Int) -> String? {
        guard scanner.next() == UInt8(ascii: "\""), let raw = try? scanner.rawString(), raw.bytes.count <= longestJSON(of: maxBytes) else {
            return nil
        }
        return try? JSONScanner.text(raw)
    }

    /// An escape has six bytes for one at most.
    private static func longestJSON(of bytes: Int) -> Int {
        6 * bytes
    }

    private func read<Value>(_ body: (inout JSONScanner) -> Value?) -> Value? {
        json.withUnsafeReadableBytes { bytes in
            var scanner = JSONScanner(bytes)
            return body(&scanner)
        }
    }
}
