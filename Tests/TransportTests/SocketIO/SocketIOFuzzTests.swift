import NIOCore
import TestSupport
import Testing

@testable import Transport

@Suite("Whatever comes, the decoders answer")
struct SocketIOFuzzTests {
    private static let rounds = 100_000
    private static let seeds: [[UInt8]] = [
        "4hello", "2probe", "40", #"40{"token":"123"}"#, #"42["message",1,"2",{"3":[true]}]"#, #"40/custom,{"token":"abc"}"#, "41/custom",
        #"452-/x,789["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#, #"43456[1,"2",{"3":[false]}]"#,
        "4hello\u{1E}bAQIDBA==\u{1E}3", #"44/random,{"message":"Invalid namespace"}"#, #"42["é\u00e9😀"]"#,
    ].map { Array($0.utf8) }

    /// Random bytes, or a packet with some of its bytes changed, doubled, cut or put together with another.
    private static func sample(_ generator: inout SeededGenerator) -> [UInt8] {
        if generator.next() % 4 == 0 {
            return (0..<Int(generator.next() % 40)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
        }
        var bytes = seeds[Int(generator.next() % UInt64(seeds.count))]
        for _ in 0...(generator.next() % 4) {
            let index = Int(generator.next() % UInt64(bytes.count + 1))
            switch generator.next() % 5 {
            case 0 where index < bytes.count: bytes[index] = UInt8(truncatingIfNeeded: generator.next())
            case 1: bytes.insert(contentsOf: [0x1E, 0x2D, 0x2F, 0x2C, 0x5B, 0x22][Int(generator.next() % 6)...].prefix(1), at: index)
            case 2: bytes.removeSubrange(index...)
            case 3: bytes.insert(contentsOf: seeds[Int(generator.next() % UInt64(seeds.count))], at: index)
            default: if index < bytes.count { bytes[index] = UInt8(ascii: "0") + UInt8(generator.next() % 10) }
            }
            bytes = Array(bytes.prefix(400))
        }
        return bytes
    }

    @Test("100,000 random and changed payloads are read or refused, and what is read is written alike", .timeLimit(.minutes(3)))
    func engineIO() throws {
        var generator = SeededGenerator(seed: 8)
        var read = 0
        for _ in 0..<Self.rounds {
            guard let packets = try? EngineIOPayload.decode(ByteBuffer(bytes: Self.sample(&generator))) else { continue }
            read += 1
            let again = try EngineIOPayload.decode(EngineIOPayload.encode(packets.map(\.frame)))
            guard again == packets else {
                Issue.record("\(packets) became \(again)")
                return
            }
        }
        #expect(read > Self.rounds / 100)
        #expect(read < Self.rounds)
    }

    @Test("100,000 random and changed packets are read or refused, and what is read is written alike", .timeLimit(.minutes(3)))
    func socketIO() throws {
        var generator = SeededGenerator(seed: 80)
        var read = 0
        for _ in 0..<Self.rounds {
            var decoder = SocketIODecoder(maxBytes: 10_000)
            var sample = Self.sample(&generator)
            if sample.first == UInt8(ascii: "4") { sample.removeFirst() }
            let message = ByteBuffer(bytes: sample)
            guard message.isValidUTF8 else { continue }
            guard var packet = try? decoder.receive(message, isBinary: false) else {
                // Announced attachments that don't come, or nothing that can be read.
                _ = try? decoder.receive(message, isBinary: true)
                continue
            }
            read += 1
            packet.attachments = []
            var text = ServerFraming.payload(of: packet.frames[0])
            text.moveReaderIndex(forwardBy: 1)
            var second = SocketIODecoder(maxBytes: 10_000)
            guard try second.receive(text, isBinary: false) == packet else {
                Issue.record("\(String(buffer: message)) was not written alike")
                return
            }
        }
        #expect(read > Self.rounds / 100)
        #expect(read < Self.rounds)
    }
}
