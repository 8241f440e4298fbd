/// What a client sends that breaks RFC 6455 or a limit, and the code that its connection ends with.
package struct FramingViolation: Sendable, CustomStringConvertible {
    package enum Part: Sendable {
        case frame(opcode: UInt8, payload: [UInt8], isFinal: Bool, reservedBits: UInt8, isMasked: Bool)
        /// Written as they are, in place of frames.
        case bytes([UInt8])
    }

    package let description: String
    package let code: UInt16
    package let parts: [Part]

    private init(_ description: String, _ code: UInt16, _ parts: Part...) {
        self.description = description
        self.code = code
        self.parts = parts
    }

    /// Every way that the server knows to break the rules, with a limit of 64 KiB a message.
    package static let all: [FramingViolation] = framing + lengths + text + closing

    private static let framing = [
        FramingViolation("unmasked frame", 1002, frame(1, text: "{}", isMasked: false)),
        FramingViolation("RSV1", 1002, frame(1, text: "{}", reservedBits: 4)),
        FramingViolation("RSV2", 1002, frame(1, text: "{}", reservedBits: 2)),
        FramingViolation("RSV3 on a ping", 1002, frame(9, reservedBits: 1)),
        FramingViolation("reserved data opcode", 1002, frame(3, text: "{}")),
        FramingViolation("reserved control opcode", 1002, frame(0xB)),
        FramingViolation("fragmented ping", 1002, frame(9, isFinal: false)),
        FramingViolation("ping of 126 bytes", 1002, frame(9, spaces: 126)),
        FramingViolation("continuation of nothing", 1002, frame(0, text: "{}")),
        FramingViolation("message inside a message", 1002, frame(1, text: "{", isFinal: false), frame(1, text: "}")),
        FramingViolation("HTTP in place of frames", 1002, .bytes(Array("GET / HTTP/1.1\r\n\r\n".utf8))),
        FramingViolation("binary message", 1003, frame(2, text: #"{"type":"PING"}"#)),
    ]

    private static let lengths = [
        FramingViolation("length not in its shortest form", 1002, .bytes([0x81, 0xFE, 0, 2, 0, 0, 0, 0, 0x7B, 0x7D])),
        FramingViolation("length of 64 bits with the highest set", 1002, .bytes([0x81, 0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])),
        FramingViolation(
            "length of many exabytes",
            1009,
            .bytes([0x81, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4])
        ),
        FramingViolation("64 KiB and a byte", 1009, frame(1, spaces: 65_537)),
        FramingViolation("64 KiB and a byte in parts", 1009, frame(1, spaces: 40_000, isFinal: false), frame(0, spaces: 25_537)),
        FramingViolation("frame of a megabyte", 1009, frame(1, spaces: 1 << 20)),
    ]

    private static let text = [
        FramingViolation("invalid UTF-8", 1007, frame(1, bytes: [0x22, 0xC3, 0x28, 0x22])),
        FramingViolation("bytes that UTF-8 never has", 1007, frame(1, bytes: [0x22, 0xFF, 0xFE, 0x22])),
        FramingViolation(
            "UTF-8 cut off at the end of the message",
            1007,
            frame(1, bytes: [0x22, 0xE2], isFinal: false),
            frame(0, bytes: [0x82])
        ),
        FramingViolation("surrogate in UTF-8", 1007, frame(1, bytes: [0xED, 0xA0, 0x80])),
    ]

    private static let closing =
        [
            FramingViolation("close frame of one byte", 1002, frame(8, bytes: [3])),
            FramingViolation("close reason that is not UTF-8", 1007, frame(8, bytes: [3, 0xE8, 0xFF])),
        ]
        + [999, 1005, 1006, 1015, 2000, 5000].map { (code: UInt16) in
            FramingViolation("close code \(code)", 1002, frame(8, bytes: [UInt8(code >> 8), UInt8(code & 0xFF)]))
        }

    private static func frame(
        _ opcode: UInt8,
        bytes payload: [UInt8] = [],
        isFinal: Bool = true,
        reservedBits: UInt8 = 0,
        isMasked: Bool = true
    ) -> Part {
        .frame(opcode: opcode, payload: payload, isFinal: isFinal, reservedBits: reservedBits, isMasked: isMasked)
    }

    private static func frame(
        _ opcode: UInt8,
        text: String,
        isFinal: Bool = true,
        reservedBits: UInt8 = 0,
        isMasked: Bool = true
    ) -> Part {
        frame(opcode, bytes: Array(text.utf8), isFinal: isFinal, reservedBits: reservedBits, isMasked: isMasked)
    }

    private static func frame(_ opcode: UInt8, spaces: Int, isFinal: Bool = true) -> Part {
        frame(opcode, bytes: Array(repeating: 0x20, count: spaces), isFinal: isFinal)
    }
}
