import Actors
import FoundationEssentials
import NIOCore
import NIOFoundationCompat
import Transport

/// The frames of clients.
extension MicroStep {
    static let frames = [
        MicroStep("frame-decode", "a MESSAGE_SEND read and checked") {
            let frame = sentFrame
            return Prepared { count in
                for _ in 0..<count {
                    guard case .success = FrameDecoder.decode(frame).command else { throw MicroStepFailure("the frame was refused") }
                }
            }
        },
        MicroStep("frame-decode-foundation", "the same bytes by JSONDecoder, not checked", isOurs: false) {
            let frame = sentFrame
            return Prepared { count in
                let decoder = JSONDecoder()
                for _ in 0..<count {
                    guard try decoder.decode(FoundationFrame.self, from: Data(buffer: frame)).content != nil else {
                        throw MicroStepFailure("nothing was read")
                    }
                }
            }
        },
        MicroStep("event-encode", "a MESSAGE_RECEIVE as a WebSocket frame") {
            let event = Event.messageReceived(try Sample.message(), showsClientMessageID: false, isReplayed: false)
            return Prepared { count in
                for _ in 0..<count {
                    guard ServerFraming.frame(event).readableBytes > 0 else { throw MicroStepFailure("nothing was written") }
                }
            }
        },
    ]

    private static let sentFrame = ByteBuffer(
        string: """
            {"type":"MESSAGE_SEND","ref":"1","clientMessageId":"m-1","recipientId":"0190a5a0-0000-7000-8000-000000000000",\
            "content":"\(Sample.content)"}
            """
    )

    /// The fields of a `MESSAGE_SEND` as Foundation reads them.
    private struct FoundationFrame: Decodable {
        let type: String
        let ref: String?
        let clientMessageId: String?
        let recipientId: String?
        let channelId: String?
        let content: String?
    }
}
