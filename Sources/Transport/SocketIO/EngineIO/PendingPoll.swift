import NIOCore
import Synchronization

/// One GET that waits for packets.
final class PendingPoll: Sendable {
    /// To be called once.
    let answer: @Sendable (Result<ByteBuffer, EngineIOError>) -> Void
    private let aborted = Atomic<Bool>(false)

    init(_ answer: @escaping @Sendable (Result<ByteBuffer, EngineIOError>) -> Void) {
        self.answer = answer
    }

    var isAborted: Bool { aborted.load(ordering: .acquiring) }

    /// The client has hung up.
    func abort() {
        aborted.store(true, ordering: .releasing)
    }
}
