import Actors
import NIOCore
import Transport

/// What instances tell each other.
extension MicroStep {
    static let bus = [
        MicroStep("envelope-encode", "a message as a bus envelope") {
            let codec = BusEnvelopeCodec(secret: nil)
            let delivery = try Sample.delivery()
            return Prepared { count in
                for _ in 0..<count {
                    guard !codec.encode(delivery).isEmpty else { throw MicroStepFailure("nothing was written") }
                }
            }
        },
        MicroStep("envelope-decode", "a message from a bus envelope") {
            let codec = BusEnvelopeCodec(secret: nil)
            let bytes = codec.encode(try Sample.delivery())
            return Prepared { count in
                for _ in 0..<count { _ = try codec.decode(bytes, from: .chatMessage) }
            }
        },
        MicroStep("reply-decode", "a published envelope read from Redis's bytes") {
            var buffer = ByteBuffer()
            let envelope = BusEnvelopeCodec(secret: nil).encode(try Sample.delivery())
            RedisCommand([Array("message".utf8), Array("chat.message".utf8), envelope]).encode(into: &buffer)
            return Prepared { [buffer] count in
                let reader = ReplyReader()
                for _ in 0..<count {
                    try buffer.withUnsafeReadableBytes { try reader.feed($0) }
                    guard try reader.next() != nil else { throw MicroStepFailure("the reply was not read") }
                }
            }
        },
    ]
}
