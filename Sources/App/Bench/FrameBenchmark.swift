import Actors
import FoundationEssentials
import NIOCore
import NIOFoundationCompat
import Transport

/// What reading a client's frame takes, beside what Foundation's decoder takes for the same bytes.
struct FrameBenchmark: Sendable {
    let duration: Duration

    /// The fields of a `MESSAGE_SEND` as Foundation reads them.
    private struct Frame: Decodable {
        let type: String
        let ref: String?
        let clientMessageId: String?
        let recipientId: String?
        let channelId: String?
        let content: String?
    }

    private static let batch = 1_000

    func run() async throws -> [Figure] {
        let frame = ByteBuffer(
            string: """
                {"type":"MESSAGE_SEND","ref":"1","clientMessageId":"m-1","recipientId":"0190a5a0-0000-7000-8000-000000000000",\
                "content":"\(LoadConnection.content(1))"}
                """
        )
        let json = JSONDecoder()
        let own = try measure {
            guard case .success = FrameDecoder.decode(frame).command else { throw BenchFailure("the frame was refused") }
        }
        let foundation = try measure {
            guard try json.decode(Frame.self, from: Data(buffer: frame)).content != nil else { throw BenchFailure("nothing was read") }
        }
        return [
            Figure("frame", "MESSAGE_SEND of \(frame.readableBytes) bytes, read and checked", own, "µs"),
            Figure("frame", "the same bytes by JSONDecoder, not checked", foundation, "µs"),
        ]
    }

    /// - Returns: microseconds that `body` takes, in the fastest of many batches: what others do on the machine only makes it longer.
    private func measure(_ body: () throws -> Void) throws -> Double {
        let clock = ContinuousClock()
        let deadline = clock.now + duration
        var least = Duration.seconds(3_600)
        while clock.now < deadline {
            let start = clock.now
            for _ in 0..<Self.batch { try body() }
            least = min(least, clock.now - start)
        }
        return least / .microseconds(1) / Double(Self.batch)
    }
}
