import Actors
import NIOCore
import TestSupport
import Testing
import Transport

@Suite("What breaks RFC 6455 is answered with its close code", .timeLimit(.minutes(1)))
struct ProtocolViolationTests {
    struct Violation: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: UInt16
        let send: @Sendable (WebSocketConnection) -> Void

        init(_ description: String, _ code: UInt16, _ send: @escaping @Sendable (WebSocketConnection) -> Void) {
            testDescription = description
            self.code = code
            self.send = send
        }
    }

    static let violations: [Violation] = [
        Violation("unmasked frame", 1002) { $0.sendFrame(opcode: 1, payload: ByteBuffer(string: "{}"), isMasked: false) },
        Violation("RSV1", 1002) { $0.sendFrame(opcode: 1, payload: ByteBuffer(string: "{}"), reservedBits: 4) },
        Violation("RSV2", 1002) { $0.sendFrame(opcode: 1, payload: ByteBuffer(string: "{}"), reservedBits: 2) },
        Violation("RSV3 on a ping", 1002) { $0.sendFrame(opcode: 9, reservedBits: 1) },
        Violation("reserved data opcode", 1002) { $0.sendFrame(opcode: 3, payload: ByteBuffer(string: "{}")) },
        Violation("reserved control opcode", 1002) { $0.sendFrame(opcode: 0xB) },
        Violation("fragmented ping", 1002) { $0.sendFrame(opcode: 9, isFinal: false) },
        Violation("ping of 126 bytes", 1002) { $0.sendFrame(opcode: 9, payload: ByteBuffer(repeating: 1, count: 126)) },
        Violation("continuation of nothing", 1002) { $0.sendFrame(opcode: 0, payload: ByteBuffer(string: "{}")) },
        Violation("message inside a message", 1002) {
            $0.sendFrame(opcode: 1, payload: ByteBuffer(string: "{"), isFinal: false)
            $0.sendFrame(opcode: 1, payload: ByteBuffer(string: "}"))
        },
        Violation("length not in its shortest form", 1002) {
            $0.sendBytes(ByteBuffer(bytes: [0x81, 0xFE, 0, 2, 0, 0, 0, 0, 0x7B, 0x7D]))
        },
        Violation("length of 64 bits with the highest set", 1002) {
            $0.sendBytes(ByteBuffer(bytes: [0x81, 0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]))
        },
        Violation("binary message", 1003) { $0.sendFrame(opcode: 2, payload: ByteBuffer(string: "{}")) },
        Violation("invalid UTF-8", 1007) { $0.sendFrame(opcode: 1, payload: ByteBuffer(bytes: [0x22, 0xC3, 0x28, 0x22])) },
        Violation("UTF-8 cut off at the end of the message", 1007) {
            $0.sendFrame(opcode: 1, payload: ByteBuffer(bytes: [0x22, 0xE2]), isFinal: false)
            $0.sendFrame(opcode: 0, payload: ByteBuffer(bytes: [0x82]))
        },
        Violation("surrogate in UTF-8", 1007) { $0.sendFrame(opcode: 1, payload: ByteBuffer(bytes: [0xED, 0xA0, 0x80])) },
        Violation("frame of a megabyte", 1009) { $0.sendFrame(opcode: 1, payload: ByteBuffer(repeating: 0x20, count: 1 << 20)) },
        Violation("message too large in fragments", 1009) {
            for index in 0..<3 {
                $0.sendFrame(opcode: index == 0 ? 1 : 0, payload: ByteBuffer(repeating: 0x20, count: 30_000), isFinal: false)
            }
        },
        Violation("close frame of one byte", 1002) { $0.sendFrame(opcode: 8, payload: ByteBuffer(bytes: [3])) },
        Violation("close code 1005", 1002) { $0.close(code: 1005) },
        Violation("close code 1006", 1002) { $0.close(code: 1006) },
        Violation("close code 1015", 1002) { $0.close(code: 1015) },
        Violation("close code 999", 1002) { $0.close(code: 999) },
        Violation("close code 2000", 1002) { $0.close(code: 2000) },
        Violation("close code 5000", 1002) { $0.close(code: 5000) },
        Violation("close reason that is not UTF-8", 1007) { $0.sendFrame(opcode: 8, payload: ByteBuffer(bytes: [3, 0xE8, 0xFF])) },
    ]

    @Test("each violation", arguments: violations)
    func violation(_ violation: Violation) async throws {
        try await withServer { server in
            let client = try await server.connect()
            violation.send(client)
            let close = await client.closed()
            #expect(close.code == violation.code)
            #expect(close.isClean)
            let session = await server.session()
            let happenings = await session.happenings.wait { $0.contains(.closed) }
            #expect(!happenings.contains { if case .received = $0 { true } else { false } })
        }
    }

    @Test("a close frame is answered with its code", arguments: [1000, 1001, 1011, 1013, 3000, 4999] as [UInt16])
    func closeIsEchoed(code: UInt16) async throws {
        try await withServer { server in
            let client = try await server.connect()
            client.close(code: code, reason: "bye")
            let close = await client.closed()
            #expect(close.code == code)
            await server.session().happenings.wait { $0.contains(.closed) }
        }
    }

    @Test("an empty close frame is answered with an empty one")
    func emptyClose() async throws {
        try await withServer { server in
            let client = try await server.connect()
            client.sendFrame(opcode: 8)
            #expect(await client.closed() == WebSocketClose(code: nil, reason: "", isClean: true))
        }
    }
}
