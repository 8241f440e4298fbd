package import Actors
package import NIOCore

/// Writes one JSON object after the other field, straight into a buffer (RFC 8259).
///
/// Names of fields that are literals are written as they are and must need no escapes.
package struct JSONWriter {
    package internal(set) var buffer: ByteBuffer
    private var needsComma = false

    package init(buffer: ByteBuffer) {
        self.buffer = buffer
    }

    /// Begins an object: the whole one, a field's, or with no name inside an array its next element.
    package mutating func beginObject(_ name: StaticString? = nil) {
        if let name { writeName(name) } else if needsComma { buffer.writeInteger(UInt8(ascii: ",")) }
        buffer.writeInteger(UInt8(ascii: "{"))
        needsComma = false
    }

    package mutating func endObject() {
        buffer.writeInteger(UInt8(ascii: "}"))
        needsComma = true
    }

    package mutating func beginArray(_ name: StaticString) {
        writeName(name)
        buffer.writeInteger(UInt8(ascii: "["))
        needsComma = false
    }

    /// As the other, for a name that comes from data.
    package mutating func beginArray(_ name: String) {
        writeName(name)
        buffer.writeInteger(UInt8(ascii: "["))
        needsComma = false
    }

    package mutating func endArray() {
        buffer.writeInteger(UInt8(ascii: "]"))
        needsComma = true
    }

    /// Writes a string as the next element of an array.
    package mutating func element(_ value: String) {
        if needsComma { buffer.writeInteger(UInt8(ascii: ",")) }
        needsComma = true
        writeQuoted(value)
    }

    /// Writes a field whose name comes from data.
    package mutating func field(_ name: String, _ value: Int64) {
        writeName(name)
        buffer.writeString(String(value))
    }

    /// Writes a string field; nothing for nil.
    package mutating func field(_ name: StaticString, _ value: String?) {
        guard let value else { return }
        writeName(name)
        writeQuoted(value)
    }

    package mutating func field(_ name: StaticString, _ value: Int64) {
        writeName(name)
        buffer.writeString(String(value))
    }

    package mutating func field(_ name: StaticString, _ value: Bool) {
        writeName(name)
        buffer.writeStaticString(value ? "true" : "false")
    }

    package mutating func field(_ name: StaticString, _ value: StaticString) {
        writeName(name)
        buffer.writeInteger(UInt8(ascii: "\""))
        buffer.writeStaticString(value)
        buffer.writeInteger(UInt8(ascii: "\""))
    }

    /// Writes an id as its text, without a string of its own: a message has seven of them.
    package mutating func field<Entity>(_ name: StaticString, _ id: Identifier<Entity>) {
        writeName(name)
        buffer.writeInteger(UInt8(ascii: "\""))
        buffer.writeID(id)
        buffer.writeInteger(UInt8(ascii: "\""))
    }

    package mutating func field(_ name: StaticString, _ conversation: ConversationID) {
        writeName(name)
        buffer.writeInteger(UInt8(ascii: "\""))
        buffer.writeID(conversation)
        buffer.writeInteger(UInt8(ascii: "\""))
    }

    private mutating func writeName(_ name: String) {
        if needsComma { buffer.writeInteger(UInt8(ascii: ",")) }
        needsComma = true
        writeQuoted(name)
        buffer.writeInteger(UInt8(ascii: ":"))
    }

    private mutating func writeName(_ name: StaticString) {
        if needsComma { buffer.writeInteger(UInt8(ascii: ",")) }
        needsComma = true
        buffer.writeInteger(UInt8(ascii: "\""))
        buffer.writeStaticString(name)
        buffer.writeStaticString("\":")
    }

    /// Writes a string with its quotes; commas are the caller's.
    mutating func writeQuoted(_ value: String) {
        buffer.writeInteger(UInt8(ascii: "\""))
        var value = value
        value.withUTF8 { bytes in
            var start = 0
            for (index, byte) in bytes.enumerated() where Self.needsEscape(byte) {
                buffer.writeBytes(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[start..<index]))
                writeEscape(byte)
                start = index + 1
            }
            buffer.writeBytes(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[start...]))
        }
        buffer.writeInteger(UInt8(ascii: "\""))
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private mutating func writeEscape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): buffer.writeStaticString("\\\"")
        case UInt8(ascii: "\\"): buffer.writeStaticString("\\\\")
        case UInt8(ascii: "\n"): buffer.writeStaticString("\\n")
        case UInt8(ascii: "\r"): buffer.writeStaticString("\\r")
        case UInt8(ascii: "\t"): buffer.writeStaticString("\\t")
        default:
            buffer.writeStaticString("\\u00")
            for digit in [byte >> 4, byte & 0xF] {
                buffer.writeInteger(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            }
        }
    }
}
