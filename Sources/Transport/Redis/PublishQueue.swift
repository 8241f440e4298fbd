import DequeModule

/// Hints on their way to Redis, the oldest first: those that wait, and those that are written and not answered.
///
/// Bounded in number and bytes; past that the oldest that wait go.
package struct PublishQueue<Hint> {
    fileprivate struct Entry {
        let hint: Hint
        let bytes: Int
    }

    private let limit: Int
    private let byteLimit: Int
    private let window: Int
    private var waiting: Deque<Entry> = []
    private var inFlight: Deque<Entry> = []
    private var bytes = 0

    /// - Parameters:
    ///   - limit: how many hints may be here.
    ///   - byteLimit: how many bytes they may have together.
    ///   - window: how many may be written without an answer.
    package init(limit: Int = 10_000, byteLimit: Int = 64 * 1_048_576, window: Int = 1_024) {
        self.limit = limit
        self.byteLimit = byteLimit
        self.window = window
    }

    /// Neither waits a hint nor an answer.
    package var isEmpty: Bool { waiting.isEmpty && inFlight.isEmpty }

    package var count: Int { waiting.count + inFlight.count }

    package var isHalfFull: Bool { count > limit / 2 || bytes > byteLimit / 2 }

    /// Whether `next` would answer something.
    package var hasNext: Bool { !waiting.isEmpty && inFlight.count < window }

    /// Takes a hint in.
    ///
    /// - Returns: how many were dropped for it.
    package mutating func offer(_ hint: Hint, bytes count: Int) -> Int {
        waiting.append(Entry(hint: hint, bytes: count))
        bytes += count
        return trim()
    }

    /// The next hint to write; nil where none waits or the window is full.
    package mutating func next() -> Hint? {
        guard hasNext, let entry = waiting.popFirst() else { return nil }
        inFlight.append(entry)
        return entry.hint
    }

    /// The oldest written hint has its answer.
    package mutating func complete() {
        guard let entry = inFlight.popFirst() else { return }
        bytes -= entry.bytes
    }

    /// The connection has ended: what was written and not answered waits again, ahead of the rest. A hint that comes twice does no harm.
    package mutating func requeue() {
        waiting.prepend(contentsOf: inFlight)
        inFlight.removeAll()
    }

    package mutating func removeAll() {
        waiting.removeAll()
        inFlight.removeAll()
        bytes = 0
    }

    private mutating func trim() -> Int {
        var dropped = 0
        while count > limit || bytes > byteLimit, let entry = waiting.popFirst() {
            bytes -= entry.bytes
            dropped += 1
        }
        return dropped
    }
}

extension PublishQueue: Sendable where Hint: Sendable {}
extension PublishQueue.Entry: Sendable where Hint: Sendable {}
