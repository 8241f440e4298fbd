/// Writes values as MessagePack, as notepack.io does from its third version on: each in its smallest form, fractions in eight bytes.
package struct MessagePackEncoder {
    private var bytes: [UInt8] = []

    package static func encode(_ value: MessagePackValue) -> [UInt8] {
        var encoder = Self()
        encoder.write(value)
        return encoder.bytes
    }

    private mutating func write(_ value: MessagePackValue) {
        switch value {
        case .null: bytes.append(0xC0)
        case .boolean(let boolean): bytes.append(boolean ? 0xC3 : 0xC2)
        case .integer(let integer): write(integer)
        case .unsigned(let unsigned): write(unsigned)
        case .double(let double):
            bytes.append(0xCB)
            append(double.bitPattern, bytes: 8)
        case .text(let text): write(text)
        case .binary(let data):
            writeHead(of: data.count, codes: (0xC4, 0xC5, 0xC6))
            bytes += data
        case .array(let elements):
            writeHead(of: elements.count, small: 0x90, codes: (0xDC, 0xDD))
            for element in elements { write(element) }
        case .map(let map):
            writeHead(of: map.members.count, small: 0x80, codes: (0xDE, 0xDF))
            for member in map.members {
                write(member.name)
                write(member.value)
            }
        case .timestamp(let timestamp): write(timestamp)
        case .extended(let type, let data): write(type: type, data)
        }
    }

    private mutating func write(_ value: Int64) {
        switch value {
        case 0...: write(UInt64(value))
        case -32..<0: bytes.append(UInt8(bitPattern: Int8(value)))
        case Int64(Int8.min)..<0: write(value, code: 0xD0, bytes: 1)
        case Int64(Int16.min)..<0: write(value, code: 0xD1, bytes: 2)
        case Int64(Int32.min)..<0: write(value, code: 0xD2, bytes: 4)
        default: write(value, code: 0xD3, bytes: 8)
        }
    }

    private mutating func write(_ value: Int64, code: UInt8, bytes count: Int) {
        bytes.append(code)
        append(UInt64(bitPattern: value), bytes: count)
    }

    private mutating func write(_ value: UInt64) {
        switch value {
        case 0..<128: bytes.append(UInt8(value))
        case 0...UInt64(UInt8.max): write(value, code: 0xCC, bytes: 1)
        case 0...UInt64(UInt16.max): write(value, code: 0xCD, bytes: 2)
        case 0...UInt64(UInt32.max): write(value, code: 0xCE, bytes: 4)
        default: write(value, code: 0xCF, bytes: 8)
        }
    }

    private mutating func write(_ value: UInt64, code: UInt8, bytes count: Int) {
        bytes.append(code)
        append(value, bytes: count)
    }

    private mutating func write(_ text: String) {
        let count = text.utf8.count
        if count < 32 {
            bytes.append(0xA0 | UInt8(count))
        } else {
            writeHead(of: count, codes: (0xD9, 0xDA, 0xDB))
        }
        bytes += text.utf8
    }

    private mutating func write(_ timestamp: MessagePackTimestamp) {
        let seconds = UInt64(bitPattern: timestamp.seconds)
        if seconds >> 34 == 0 {
            if timestamp.nanoseconds == 0, seconds >> 32 == 0 {
                bytes += [0xD6, 0xFF]
                append(seconds, bytes: 4)
            } else {
                bytes += [0xD7, 0xFF]
                append(UInt64(timestamp.nanoseconds) << 34 | seconds, bytes: 8)
            }
        } else {
            bytes += [0xC7, 12, 0xFF]
            append(UInt64(timestamp.nanoseconds), bytes: 4)
            append(seconds, bytes: 8)
        }
    }

    private mutating func write(type: Int8, _ data: [UInt8]) {
        switch data.count {
        case 1, 2, 4, 8, 16: bytes.append(0xD4 + UInt8(data.count.trailingZeroBitCount))
        default: writeHead(of: data.count, codes: (0xC7, 0xC8, 0xC9))
        }
        bytes.append(UInt8(bitPattern: type))
        bytes += data
    }

    /// A length in one, two or four bytes.
    private mutating func writeHead(of count: Int, codes: (UInt8, UInt8, UInt8)) {
        switch count {
        case ...0xFF: write(UInt64(count), code: codes.0, bytes: 1)
        case ...0xFFFF: write(UInt64(count), code: codes.1, bytes: 2)
        default: write(UInt64(count), code: codes.2, bytes: 4)
        }
    }

    /// A length in the first byte, or in two or four more.
    private mutating func writeHead(of count: Int, small: UInt8, codes: (UInt8, UInt8)) {
        switch count {
        case ..<16: bytes.append(small | UInt8(count))
        case ...0xFFFF: write(UInt64(count), code: codes.0, bytes: 2)
        default: write(UInt64(count), code: codes.1, bytes: 4)
        }
    }

    private mutating func append(_ value: UInt64, bytes count: Int) {
        for shift in stride(from: (count - 1) * 8, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(shift))) }
    }
}
