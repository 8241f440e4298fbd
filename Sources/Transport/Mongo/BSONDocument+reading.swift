import Actors

extension BSONDocument {
    /// Takes over what came from outside, where its frame is whole. What its fields hold is checked when they are read.
    init?(checking bytes: [UInt8]) {
        guard bytes.count >= 5, bytes.last == 0, BSONReader(bytes: bytes, position: 0).length == bytes.count else { return nil }
        self.init(checked: bytes)
    }

    /// The first field of this name; nil where there is none, or of a type that this program doesn't know.
    func value(_ key: String) throws(StoreError) -> BSONValue? {
        var reader = BSONReader(bytes: bytes, position: 4)
        while let field = try reader.nextField() {
            if reader.name(of: field, is: key) { return try reader.value(of: field) }
        }
        return nil
    }

    /// The field's string; nil where it is absent or null.
    func optionalText(_ key: String) throws(StoreError) -> String? {
        switch try value(key) {
        case nil, .null: nil
        case .string(let text): text
        default: throw Self.damaged(key)
        }
    }

    func text(_ key: String) throws(StoreError) -> String {
        guard let text = try optionalText(key) else { throw Self.damaged(key) }
        return text
    }

    /// A whole number, whichever of BSON's three number types holds it.
    func optionalInteger(_ key: String) throws(StoreError) -> Int64? {
        switch try value(key) {
        case nil, .null: return nil
        case .int32(let number): return Int64(number)
        case .int64(let number): return number
        case .double(let number):
            guard let whole = Int64(exactly: number) else { throw Self.damaged(key) }
            return whole
        default: throw Self.damaged(key)
        }
    }

    func integer(_ key: String) throws(StoreError) -> Int64 {
        guard let number = try optionalInteger(key) else { throw Self.damaged(key) }
        return number
    }

    /// False where the field is absent.
    func flag(_ key: String) throws(StoreError) -> Bool {
        switch try value(key) {
        case nil, .null: false
        case .bool(let flag): flag
        default: throw Self.damaged(key)
        }
    }

    func optionalIdentifier<Entity>(_ key: String, of entity: Entity.Type = Entity.self) throws(StoreError) -> Identifier<Entity>? {
        switch try value(key) {
        case nil, .null: nil
        case .uuid(let high, let low): Identifier(high: high, low: low)
        default: throw Self.damaged(key)
        }
    }

    func identifier<Entity>(_ key: String) throws(StoreError) -> Identifier<Entity> {
        guard let id = try optionalIdentifier(key, of: Entity.self) else { throw Self.damaged(key) }
        return id
    }

    func time(_ key: String) throws(StoreError) -> Timestamp {
        guard case .date(let milliseconds) = try value(key) else { throw Self.damaged(key) }
        return Timestamp(milliseconds: milliseconds)
    }

    func optionalTime(_ key: String) throws(StoreError) -> Timestamp? {
        switch try value(key) {
        case nil, .null: nil
        case .date(let milliseconds): Timestamp(milliseconds: milliseconds)
        default: throw Self.damaged(key)
        }
    }

    func conversationID(_ key: String) throws(StoreError) -> ConversationID {
        guard let id = ConversationID(try text(key)) else { throw Self.damaged(key) }
        return id
    }

    /// Nil where the field is absent.
    func optionalBinary(_ key: String) throws(StoreError) -> [UInt8]? {
        switch try value(key) {
        case nil, .null: nil
        case .binary(let bytes): bytes
        default: throw Self.damaged(key)
        }
    }

    /// The ids in an array.
    func identifiers<Entity>(_ key: String) throws(StoreError) -> [Identifier<Entity>] {
        guard case .array(let values) = try value(key) else { throw Self.damaged(key) }
        var ids: [Identifier<Entity>] = []
        for value in values {
            guard case .uuid(let high, let low) = value else { throw Self.damaged(key) }
            ids.append(Identifier(high: high, low: low))
        }
        return ids
    }

    /// The lowest stamp where the field is absent.
    func stamp(_ key: String) throws(StoreError) -> Stamp {
        switch try value(key) {
        case nil, .null: Stamp(0)
        case .timestamp(let value): Stamp(value)
        default: throw Self.damaged(key)
        }
    }

    func optionalDocument(_ key: String) throws(StoreError) -> BSONDocument? {
        switch try value(key) {
        case nil, .null: nil
        case .document(let document): document
        default: throw Self.damaged(key)
        }
    }

    /// The documents in an array; none where the field is absent.
    func documents(_ key: String) throws(StoreError) -> [BSONDocument] {
        switch try value(key) {
        case nil, .null: []
        case .array(let values): values.compactMap { if case .document(let document) = $0 { document } else { nil } }
        default: throw Self.damaged(key)
        }
    }

    /// A document holds what this program can't have written.
    static func damaged(_ key: String) -> StoreError {
        StoreError(.other, "a document's field \(key) is missing or has another type")
    }
}

/// Walks through the fields of an encoded document, never past its end.
private struct BSONReader {
    struct Field {
        let type: UInt8
        let name: Range<Int>
        let value: Range<Int>
    }

    let bytes: [UInt8]
    var position: Int

    /// The number before the fields.
    var length: Int? {
        integer(UInt32.self, at: position).map(Int.init)
    }

    func name(of field: Field, is key: String) -> Bool {
        bytes[field.name].elementsEqual(key.utf8)
    }

    mutating func nextField() throws(StoreError) -> Field? {
        guard position < bytes.count else { throw Self.damaged }
        let type = bytes[position]
        if type == 0 { return nil }
        guard let end = bytes[(position + 1)...].firstIndex(of: 0) else { throw Self.damaged }
        let name = position + 1..<end
        let start = end + 1
        guard let size = size(of: type, at: start), size >= 0, size < bytes.count - start else { throw Self.damaged }
        position = start + size
        return Field(type: type, name: name, value: start..<position)
    }

    func value(of field: Field) throws(StoreError) -> BSONValue? {
        let start = field.value.lowerBound
        switch field.type {
        case 0x01: return try .double(Double(bitPattern: number(at: start)))
        case 0x02:
            guard field.value.count >= 5 else { throw Self.damaged }
            return .string(String(decoding: bytes[start + 4..<field.value.upperBound - 1], as: UTF8.self))
        case 0x03: return .document(try document(field))
        case 0x04: return .array(try Self.elements(of: document(field)))
        case 0x05:
            guard field.value.count >= 5 else { throw Self.damaged }
            if bytes[start + 4] == 0 { return .binary(Array(bytes[start + 5..<field.value.upperBound])) }
            guard field.value.count == 21, bytes[start + 4] == 4 else { return nil }
            return try .uuid(high: UInt64(bigEndian: number(at: start + 5)), low: UInt64(bigEndian: number(at: start + 13)))
        case 0x07: return try .objectID(high: UInt64(bigEndian: number(at: start)), low: UInt32(bigEndian: number(at: start + 8)))
        case 0x08: return .bool(bytes[start] != 0)
        case 0x09: return try .date(number(at: start))
        case 0x0A: return .null
        case 0x10: return try .int32(number(at: start))
        case 0x11: return try .timestamp(number(at: start))
        case 0x12: return try .int64(number(at: start))
        default: return nil
        }
    }

    private static func elements(of array: BSONDocument) throws(StoreError) -> [BSONValue] {
        var reader = BSONReader(bytes: array.bytes, position: 4)
        var elements: [BSONValue] = []
        while let field = try reader.nextField() {
            elements.append(try reader.value(of: field) ?? .null)
        }
        return elements
    }

    private func document(_ field: Field) throws(StoreError) -> BSONDocument {
        guard let document = BSONDocument(checking: Array(bytes[field.value])) else { throw Self.damaged }
        return document
    }

    /// How many bytes a value takes, of every type that a server may put into a reply.
    private func size(of type: UInt8, at start: Int) -> Int? {
        switch type {
        case 0x06, 0x0A, 0x7F, 0xFF: return 0
        case 0x08: return 1
        case 0x10: return 4
        case 0x01, 0x09, 0x11, 0x12: return 8
        case 0x07: return 12
        case 0x13: return 16
        case 0x02, 0x0D, 0x0E: return integer(Int32.self, at: start).map { Int($0) + 4 }
        case 0x03, 0x04, 0x0F: return integer(Int32.self, at: start).map(Int.init)
        case 0x05: return integer(Int32.self, at: start).map { Int($0) + 5 }
        case 0x0C: return integer(Int32.self, at: start).map { Int($0) + 16 }
        case 0x0B:
            guard start < bytes.count, let first = bytes[start...].firstIndex(of: 0), first + 1 < bytes.count else { return nil }
            return bytes[(first + 1)...].firstIndex(of: 0).map { $0 + 1 - start }
        default: return nil
        }
    }

    private func number<Number: FixedWidthInteger>(at start: Int) throws(StoreError) -> Number {
        guard let number = integer(Number.self, at: start) else { throw Self.damaged }
        return number
    }

    private func integer<Number: FixedWidthInteger>(_ type: Number.Type, at start: Int) -> Number? {
        let size = MemoryLayout<Number>.size
        guard start >= 0, start + size <= bytes.count else { return nil }
        return bytes.withUnsafeBytes { Number(littleEndian: $0.loadUnaligned(fromByteOffset: start, as: Number.self)) }
    }

    private static var damaged: StoreError {
        StoreError(.other, "a document that came from the server is not whole")
    }
}
