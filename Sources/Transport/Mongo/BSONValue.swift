import Actors

/// A value of BSON 1.1 (https://bsonspec.org/spec.html), as far as this program writes and reads them.
enum BSONValue: Hashable, Sendable {
    case double(Double)
    case string(String)
    case document(BSONDocument)
    case array([BSONValue])
    /// Binary, subtype 4.
    case uuid(high: UInt64, low: UInt64)
    /// Binary, subtype 0.
    case binary([UInt8])
    /// The `_id` that a server gives a document: 12 bytes, ascending.
    case objectID(high: UInt64, low: UInt32)
    case bool(Bool)
    /// Milliseconds since 1970-01-01T00:00:00Z.
    case date(Int64)
    case null
    case int32(Int32)
    /// Seconds since 1970 in the upper half, the server's count within that second in the lower.
    case timestamp(UInt64)
    case int64(Int64)

    static func id<Entity>(_ id: Identifier<Entity>) -> BSONValue {
        .uuid(high: id.high, low: id.low)
    }

    static func time(_ time: Timestamp) -> BSONValue {
        .date(time.milliseconds)
    }

    static func conversation(_ id: ConversationID) -> BSONValue {
        .string(id.description)
    }

    /// The type's byte before the field's name.
    var typeByte: UInt8 {
        switch self {
        case .double: 0x01
        case .string: 0x02
        case .document: 0x03
        case .array: 0x04
        case .uuid, .binary: 0x05
        case .objectID: 0x07
        case .bool: 0x08
        case .date: 0x09
        case .null: 0x0A
        case .int32: 0x10
        case .timestamp: 0x11
        case .int64: 0x12
        }
    }
}
