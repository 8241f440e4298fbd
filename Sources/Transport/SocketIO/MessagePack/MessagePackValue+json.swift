import Actors
package import NIOCore

extension MessagePackValue {
    /// Reads JSON (RFC 8259) as JavaScript would; nil where the bytes are something else.
    package init?(json bytes: [UInt8]) {
        guard var text = String(validating: bytes, as: UTF8.self) else { return nil }
        let value = text.withUTF8 { bytes -> MessagePackValue? in
            var scanner = JSONScanner(UnsafeRawBufferPointer(bytes))
            guard let value = try? scanner.value(), scanner.next() == nil else { return nil }
            return value
        }
        guard let value else { return nil }
        self = value
    }

    /// The value as JSON, as JavaScript would write it: moments in RFC 3339, binary as `null`.
    package var json: [UInt8] {
        var writer = JSONWriter(buffer: ByteBuffer())
        writer.value(self) { _ in nil }
        return Array(writer.buffer.readableBytesView)
    }

    /// The value as JSON with a placeholder for each binary in it, and those binaries in their order.
    package var jsonWithAttachments: (json: ByteBuffer, attachments: [[UInt8]]) {
        var attachments: [[UInt8]] = []
        var writer = JSONWriter(buffer: ByteBuffer())
        writer.value(self) { binary in
            attachments.append(binary)
            return attachments.count - 1
        }
        return (writer.buffer, attachments)
    }
}

extension MessagePackValue {
    /// The value with the attachments in the place of their placeholders; one whose number is none stays.
    package func withAttachments(_ attachments: [[UInt8]]) -> MessagePackValue {
        guard !attachments.isEmpty else { return self }
        switch self {
        case .array(let elements): return .array(elements.map { $0.withAttachments(attachments) })
        case .map(let map):
            if map["_placeholder"]?.boolean == true, let number = map["num"]?.integer, attachments.indices.contains(Int(number)) {
                return .binary(attachments[Int(number)])
            }
            return .map(MessagePackMap(map.members.map { MessagePackMap.Member($0.name, $0.value.withAttachments(attachments)) }))
        case .null, .boolean, .integer, .unsigned, .double, .text, .binary, .timestamp, .extended: return self
        }
    }
}

extension JSONWriter {
    /// Writes a value with nothing before it.
    ///
    /// - Parameter placeholder: the number that stands for a binary; nil writes `null` for it.
    fileprivate mutating func value(_ value: MessagePackValue, placeholder: ([UInt8]) -> Int?) {
        switch value {
        case .null, .extended: buffer.writeStaticString("null")
        case .boolean(let boolean): buffer.writeStaticString(boolean ? "true" : "false")
        case .integer(let integer): buffer.writeString(String(integer))
        case .unsigned(let unsigned): buffer.writeString(String(unsigned))
        case .double(let double): buffer.writeString(Self.number(double))
        case .text(let text): writeQuoted(text)
        case .binary(let bytes):
            if let number = placeholder(bytes) {
                buffer.writeString("{\"_placeholder\":true,\"num\":\(number)}")
            } else {
                buffer.writeStaticString("null")
            }
        case .array(let elements):
            buffer.writeStaticString("[")
            for (index, element) in elements.enumerated() {
                if index > 0 { buffer.writeStaticString(",") }
                self.value(element, placeholder: placeholder)
            }
            buffer.writeStaticString("]")
        case .map(let map):
            buffer.writeStaticString("{")
            for (index, member) in map.members.enumerated() {
                if index > 0 { buffer.writeStaticString(",") }
                writeQuoted(member.name)
                buffer.writeStaticString(":")
                self.value(member.value, placeholder: placeholder)
            }
            buffer.writeStaticString("}")
        case .timestamp(let timestamp):
            if let text = timestamp.text { writeQuoted(text) } else { buffer.writeStaticString("null") }
        }
    }

    private static func number(_ value: Double) -> String {
        guard value.isFinite else { return "null" }
        // Whole numbers without a fraction, as far as each of them is exact.
        if let whole = Int64(exactly: value), whole.magnitude < 1 << 53 { return String(whole) }
        return value.description
    }
}

extension JSONScanner {
    /// Reads one value of any kind.
    fileprivate mutating func value(depth: Int = 1) throws(SyntaxError) -> MessagePackValue {
        switch next() {
        case UInt8(ascii: "\""): return .text(try string())
        case UInt8(ascii: "{"):
            guard depth < Self.maxDepth, take("{") else { throw SyntaxError() }
            var members: [MessagePackMap.Member] = []
            if take("}") { return .map(MessagePackMap(members)) }
            repeat {
                let name = try string()
                try expect(":")
                members.append(MessagePackMap.Member(name, try value(depth: depth + 1)))
            } while take(",")
            try expect("}")
            return .map(MessagePackMap(members))
        case UInt8(ascii: "["):
            guard depth < Self.maxDepth, take("[") else { throw SyntaxError() }
            var elements: [MessagePackValue] = []
            if take("]") { return .array(elements) }
            repeat { elements.append(try value(depth: depth + 1)) } while take(",")
            try expect("]")
            return .array(elements)
        case UInt8(ascii: "t"):
            try literal("true")
            return .boolean(true)
        case UInt8(ascii: "f"):
            try literal("false")
            return .boolean(false)
        case UInt8(ascii: "n"):
            try literal("null")
            return .null
        default:
            return try numberValue()
        }
    }

    private mutating func numberValue() throws(SyntaxError) -> MessagePackValue {
        let start = position
        try skipValue()
        let digits = text(from: start)
        if let integer = Int64(digits) { return .integer(integer) }
        if let unsigned = UInt64(digits) { return .unsigned(unsigned) }
        guard let double = Double(digits) else { throw SyntaxError() }
        return .double(double)
    }
}

extension MessagePackTimestamp {
    /// RFC 3339; nil outside of the years that it can tell.
    fileprivate var text: String? {
        guard let milliseconds, (-62_167_219_200_000..<253_402_300_800_000).contains(milliseconds) else { return nil }
        return Timestamp(milliseconds: milliseconds).description
    }
}
