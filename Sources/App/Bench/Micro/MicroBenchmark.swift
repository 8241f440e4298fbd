import Actors
import FoundationEssentials
import NIOCore
import NIOFoundationCompat
import Transport

/// One small step that happens for every message, alone and again and again.
struct MicroBenchmark: Sendable {
    /// What is told in `--only`: lower-case words with hyphens.
    let name: String
    let measure: String
    /// Does it so many times.
    let run: @Sendable (Int) throws -> Void

    private static let batch = 1_000

    static let all: [MicroBenchmark] = [
        MicroBenchmark(name: "frame-decode", measure: "a MESSAGE_SEND read and checked", run: decodeFrames),
        MicroBenchmark(name: "frame-decode-foundation", measure: "the same bytes by JSONDecoder, not checked", run: decodeWithFoundation),
        MicroBenchmark(name: "event-encode", measure: "a MESSAGE_RECEIVE as a WebSocket frame", run: encodeEvents),
        MicroBenchmark(name: "envelope-encode", measure: "a message as a bus envelope", run: encodeEnvelopes),
        MicroBenchmark(name: "envelope-decode", measure: "a message from a bus envelope", run: decodeEnvelopes),
        MicroBenchmark(name: "reply-decode", measure: "a published envelope read from Redis's bytes", run: decodeReplies),
        MicroBenchmark(name: "cursor", measure: "a message's turn, and once more as a duplicate", run: receiveInOrder),
    ]

    /// - Returns: microseconds that it takes, in the fastest of many batches: what others do on the machine only makes it longer.
    func figure(for duration: Duration) throws -> Figure {
        let clock = ContinuousClock()
        let deadline = clock.now + duration
        var least = Duration.seconds(3_600)
        while clock.now < deadline {
            let start = clock.now
            try run(Self.batch)
            least = min(least, clock.now - start)
        }
        return Figure("micro", measure, least / .microseconds(1) / Double(Self.batch), "µs")
    }
}

extension MicroBenchmark {
    private static let frame = ByteBuffer(
        string: """
            {"type":"MESSAGE_SEND","ref":"1","clientMessageId":"m-1","recipientId":"0190a5a0-0000-7000-8000-000000000000",\
            "content":"\(LoadConnection.content(1))"}
            """
    )

    private static func message() throws -> Message {
        guard let id = MessageID("0190a5a0-0000-7000-8000-000000000001"), let sender = UserID("0190a5a0-0000-7000-8000-000000000002"),
            let channel = ChannelName("general"), let clientMessageID = ClientMessageID("m-1")
        else { throw BenchFailure("an id of the benchmark is none") }
        return Message(
            messageID: id,
            conversationID: .channel(channel),
            seq: 1_234,
            senderID: sender,
            senderName: "bench-1",
            content: LoadConnection.content(1),
            clientMessageID: clientMessageID,
            createdAt: Timestamp(milliseconds: 1_767_873_600_000)
        )
    }

    private static func delivery() throws -> BusDelivery {
        guard let id = BusEventID("0190a5a0-0000-7000-8000-000000000003") else { throw BenchFailure("an id of the benchmark is none") }
        return BusDelivery(event: .message(try message()), eventID: id, origin: InstanceIdentity(instanceID: "A", boot: "boot"))
    }

    private static func decodeFrames(_ count: Int) throws {
        for _ in 0..<count {
            guard case .success = FrameDecoder.decode(frame).command else { throw BenchFailure("the frame was refused") }
        }
    }

    /// The fields of a `MESSAGE_SEND` as Foundation reads them.
    private struct FoundationFrame: Decodable {
        let type: String
        let ref: String?
        let clientMessageId: String?
        let recipientId: String?
        let channelId: String?
        let content: String?
    }

    private static func decodeWithFoundation(_ count: Int) throws {
        let decoder = JSONDecoder()
        for _ in 0..<count {
            guard try decoder.decode(FoundationFrame.self, from: Data(buffer: frame)).content != nil else {
                throw BenchFailure("nothing was read")
            }
        }
    }

    private static func encodeEvents(_ count: Int) throws {
        let event = Event.messageReceived(try message(), showsClientMessageID: false, isReplayed: false)
        for _ in 0..<count {
            guard ServerFraming.frame(event).readableBytes > 0 else { throw BenchFailure("nothing was written") }
        }
    }

    private static func encodeEnvelopes(_ count: Int) throws {
        let codec = BusEnvelopeCodec(secret: nil)
        let delivery = try delivery()
        for _ in 0..<count {
            guard !codec.encode(delivery).isEmpty else { throw BenchFailure("nothing was written") }
        }
    }

    private static func decodeEnvelopes(_ count: Int) throws {
        let codec = BusEnvelopeCodec(secret: nil)
        let bytes = codec.encode(try delivery())
        for _ in 0..<count { _ = try codec.decode(bytes, from: .chatMessage) }
    }

    private static func decodeReplies(_ count: Int) throws {
        var buffer = ByteBuffer()
        RedisCommand([Array("message".utf8), Array("chat_messages".utf8), BusEnvelopeCodec(secret: nil).encode(try delivery())])
            .encode(into: &buffer)
        let reader = ReplyReader()
        for _ in 0..<count {
            try buffer.withUnsafeReadableBytes { try reader.feed($0) }
            guard try reader.next() != nil else { throw BenchFailure("the reply was not read") }
        }
    }

    private static func receiveInOrder(_ count: Int) throws {
        var cursor = Cursor<Int64>(position: 0)
        for seq in 1...Int64(max(1, count)) {
            guard case .deliver = cursor.receive(seq, seq: seq), case .drop = cursor.receive(seq, seq: seq) else {
                throw BenchFailure("the cursor refused a message in its turn")
            }
        }
    }
}
