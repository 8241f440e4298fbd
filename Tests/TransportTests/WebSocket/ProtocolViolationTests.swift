import Actors
import NIOCore
import TestSupport
import Testing
import Transport

@Suite("What breaks RFC 6455 is answered with its close code", .timeLimit(.minutes(1)))
struct ProtocolViolationTests {
    @Test("each violation", arguments: FramingViolation.all)
    func violation(_ violation: FramingViolation) async throws {
        try await withServer { server in
            let client = try await server.connect()
            client.send(violation)
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

extension WebSocketConnection {
    fileprivate func send(_ violation: FramingViolation) {
        for part in violation.parts {
            switch part {
            case .frame(let opcode, let payload, let isFinal, let reservedBits, let isMasked):
                sendFrame(
                    opcode: opcode,
                    payload: ByteBuffer(bytes: payload),
                    isFinal: isFinal,
                    reservedBits: reservedBits,
                    isMasked: isMasked
                )
            case .bytes(let bytes): sendBytes(ByteBuffer(bytes: bytes))
            }
        }
    }
}
