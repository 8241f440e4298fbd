import Actors
import DequeModule

/// What waits for one client, counted in bytes and bounded.
///
/// Holds elements while the socket takes no more. `Element` is whatever the transport writes.
package struct OutboundQueue<Element> {
    /// What to do with an element that was offered.
    package enum Action {
        case write
        case wait
        case skip
        case overflow
    }

    private let limit: OutboundLimit
    private var waiting: Deque<(element: Element, bytes: Int)> = []
    private var waitingBytes = 0

    /// - Parameter limit: of what waits in the socket's own buffer and here together.
    package init(limit: OutboundLimit) {
        self.limit = limit
    }

    package var isEmpty: Bool { waiting.isEmpty }
    package var bytes: Int { waitingBytes }

    /// Takes an element in or says that it may be written at once.
    ///
    /// - Parameters:
    ///   - bytes: the element's size.
    ///   - isEssential: false for what is left out past half of the limit.
    ///   - isWritable: whether the socket takes more now.
    ///   - buffered: bytes that wait in the socket's own buffer.
    package mutating func offer(
        _ element: @autoclosure () -> Element,
        bytes: Int,
        isEssential: Bool,
        isWritable: Bool,
        buffered: Int
    ) -> Action {
        switch limit.admission(of: bytes, behind: buffered + waitingBytes, isEssential: isEssential) {
        case .overflow: return .overflow
        case .skipped: return .skip
        case .accepted: break
        }
        if isWritable && waiting.isEmpty { return .write }
        waiting.append((element(), bytes))
        waitingBytes += bytes
        return .wait
    }

    /// The next element to write now that the socket takes more; nil when none waits.
    package mutating func next() -> Element? {
        guard let (element, bytes) = waiting.popFirst() else { return nil }
        waitingBytes -= bytes
        return element
    }

    package mutating func removeAll() {
        waiting.removeAll()
        waitingBytes = 0
    }
}
