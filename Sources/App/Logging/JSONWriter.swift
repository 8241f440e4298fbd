import Logging

/// Writes log metadata as JSON (RFC 8259) into a line that nothing can break: control characters are always escaped.
struct JSONWriter {
    private(set) var bytes: [UInt8] = []

    init() {
        bytes.reserveCapacity(256)
    }

    /// Bytes as they are.
    mutating func raw(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    /// Text outside of quotes, with control characters escaped.
    mutating func text(_ text: String) {
        for byte in text.utf8 {
            isControl(byte) ? escape(byte) : bytes.append(byte)
        }
    }

    /// One field of the object that is being written.
    mutating func field(_ key: String, _ value: Logger.Metadata.Value) {
        if bytes.last != UInt8(ascii: "{") { bytes.append(UInt8(ascii: ",")) }
        string(key)
        bytes.append(UInt8(ascii: ":"))
        self.value(value)
    }

    private mutating func value(_ value: Logger.Metadata.Value) {
        switch value {
        case .string(let text):
            string(text)
        case .stringConvertible(let convertible):
            scalar(convertible)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (offset, element) in elements.enumerated() {
                if offset > 0 { bytes.append(UInt8(ascii: ",")) }
                self.value(element)
            }
            bytes.append(UInt8(ascii: "]"))
        case .dictionary(let fields):
            bytes.append(UInt8(ascii: "{"))
            for (key, element) in fields.sorted(by: { $0.key < $1.key }) {
                field(key, element)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    private mutating func scalar(_ value: any CustomStringConvertible & Sendable) {
        switch value {
        case let flag as Bool: raw(flag ? "true" : "false")
        case let number as any BinaryInteger: raw(number.description)
        case let number as Double where number.isFinite: raw(number.description)
        case let number as Float where number.isFinite: raw(number.description)
        default: string(value.description)
        }
    }

    private mutating func string(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            default:
                isControl(byte) ? escape(byte) : bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private func isControl(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == 0x7F
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\n"): raw("\\n")
        case UInt8(ascii: "\r"): raw("\\r")
        case UInt8(ascii: "\t"): raw("\\t")
        default:
            let digits = Array("0123456789abcdef".utf8)
            raw("\\u00")
            bytes.append(digits[Int(byte >> 4)])
            bytes.append(digits[Int(byte & 0xF)])
        }
    }
}
