/// A BSON document in its encoded form, built field by field.
///
/// Every value is written with the type that the code gives it: text that came from a client is a string whatever it holds,
/// so that none of it becomes an operator.
struct BSONDocument: Hashable, Sendable, ExpressibleByDictionaryLiteral {
    /// The whole document: its length, its fields, a zero.
    private(set) var bytes: [UInt8]

    init() {
        bytes = [5, 0, 0, 0, 0]
    }

    init(dictionaryLiteral elements: (String, BSONValue)...) {
        self.init()
        for (key, value) in elements { append(key, value) }
    }

    /// - Parameter bytes: a document that has been checked: see `init(checking:)`.
    init(checked bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isEmpty: Bool { bytes.count == 5 }

    /// Adds a field.
    ///
    /// - Parameter key: written in this program, never data: it must hold no NUL.
    mutating func append(_ key: String, _ value: BSONValue) {
        bytes.removeLast()
        bytes.append(value.typeByte)
        bytes.append(contentsOf: key.utf8)
        bytes.append(0)
        bytes.append(value: value)
        bytes.append(0)
        bytes.writeLength(at: 0, from: 0)
    }

    /// Adds a field where there is a value.
    mutating func append(_ key: String, ifPresent value: BSONValue?) {
        if let value { append(key, value) }
    }
}

extension [UInt8] {
    fileprivate mutating func append(value: BSONValue) {
        switch value {
        case .double(let number): append(integer: number.bitPattern)
        case .string(let text):
            let start = count
            append(integer: UInt32(0))
            append(contentsOf: text.utf8)
            append(0)
            writeLength(at: start, from: start + 4)
        case .document(let document): append(contentsOf: document.bytes)
        case .array(let values):
            let start = count
            append(integer: UInt32(0))
            for (index, element) in values.enumerated() {
                append(element.typeByte)
                append(contentsOf: String(index).utf8)
                append(0)
                append(value: element)
            }
            append(0)
            writeLength(at: start, from: start)
        case .uuid(let high, let low):
            append(integer: UInt32(16))
            append(4)
            append(integer: high.byteSwapped)
            append(integer: low.byteSwapped)
        case .binary(let bytes):
            append(integer: UInt32(bytes.count))
            append(0)
            append(contentsOf: bytes)
        case .objectID(let high, let low):
            append(integer: high.byteSwapped)
            append(integer: low.byteSwapped)
        case .bool(let flag): append(flag ? 1 : 0)
        case .date(let milliseconds): append(integer: milliseconds)
        case .null: break
        case .int32(let number): append(integer: number)
        case .timestamp(let number): append(integer: number)
        case .int64(let number): append(integer: number)
        }
    }

    /// Little-endian, as all numbers of BSON; the words of an id, which are big-endian, are swapped before.
    private mutating func append(integer: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: integer.littleEndian) { append(contentsOf: $0) }
    }

    fileprivate mutating func writeLength(at position: Int, from start: Int) {
        let length = UInt32(truncatingIfNeeded: count - start)
        for index in 0..<4 { self[position + index] = UInt8(truncatingIfNeeded: length >> UInt32(8 * index)) }
    }
}
