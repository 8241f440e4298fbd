import DequeModule

/// Names a hint that is written, until it has its answer.
package struct PublishTicket: Hashable, Sendable {
    fileprivate let number: UInt64
}

/// Hints on their way to Redis, the oldest first: those that wait, and those that are written and not answered.
///
/// Bounded in number and bytes; past that the oldest that wait go.
package struct PublishQueue<Hint> {
    fileprivate struct Entry {
        let hint: Hint
        let bytes: Int
        var isAnswered = false
    }

    private let limit: Int
    private let byteLimit: Int
    private let window: Int
    private var waiting: Deque<Entry> = []
    /// Begins with the oldest one that has no answer; from several servers answers come in any order.
    private var inFlight: Deque<Entry> = []
    /// The ticket of the first of them.
    private var firstNumber: UInt64 = 0
    private var answered = 0
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

    package var count: Int { waiting.count + inFlight.count - answered }

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
    package mutating func next() -> (hint: Hint, ticket: PublishTicket)? {
        guard hasNext, let entry = waiting.popFirst() else { return nil }
        inFlight.append(entry)
        return (entry.hint, PublishTicket(number: firstNumber + UInt64(inFlight.count) - 1))
    }

    /// A written hint has its answer.
    package mutating func complete(_ ticket: PublishTicket) {
        guard ticket.number >= firstNumber, ticket.number - firstNumber < UInt64(inFlight.count) else { return }
        let index = Int(ticket.number - firstNumber)
        guard !inFlight[index].isAnswered else { return }
        inFlight[index].isAnswered = true
        bytes -= inFlight[index].bytes
        answered += 1
        while inFlight.first?.isAnswered == true {
            inFlight.removeFirst()
            firstNumber += 1
            answered -= 1
        }
    }

    /// The connection has ended: what was written and not answered waits again, ahead of the rest. A hint that comes twice does no harm.
    package mutating func requeue() {
        waiting.prepend(contentsOf: inFlight.filter { !$0.isAnswered })
        forgetWritten()
    }

    package mutating func removeAll() {
        waiting.removeAll()
        forgetWritten()
        bytes = 0
    }

    private mutating func forgetWritten() {
        firstNumber += UInt64(inFlight.count)
        inFlight.removeAll()
        answered = 0
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
