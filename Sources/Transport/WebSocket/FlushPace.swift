import NIOCore

/// When a loop flushes the connections that a turn of it wrote to.
///
/// A flush costs a system call a connection, which costs nearly the same whether it carries one frame or ten. So after a flush of many connections
/// the next one of many rests in proportion to what it took, and what comes meanwhile shares the system calls. Messages that are sent together
/// come apart on their way through commit and bus: where the last flush was shared, the rest begins with the first frame of the next.
/// The first message after a pause, and whatever goes to few, is never held up.
struct FlushPace {
    /// Connections that are many.
    static let many = 16
    /// How many times as long as the last flush took the next one rests.
    static let rest: Int64 = 4
    /// The most that a frame is held up.
    static let longestRest = TimeAmount.milliseconds(1)
    /// How soon after a shared flush the next one is expected to be shared too.
    static let pause = TimeAmount.milliseconds(10)

    private struct Flush {
        let end: NIODeadline
        let rest: TimeAmount
        /// Whether its system calls carried several frames each.
        let isShared: Bool
    }

    /// The last one of many connections.
    private var last: Flush?

    /// Until when connections wait that a turn has written to first; nil where they are flushed at its end.
    ///
    /// - Parameter count: how many they are.
    func due(_ count: Int, at now: NIODeadline) -> NIODeadline? {
        guard count >= Self.many, let last else { return nil }
        if last.isShared, now < last.end + Self.pause { return now + last.rest }
        let due = last.end + last.rest
        return now < due ? due : nil
    }

    /// So many connections were flushed, and so many frames.
    mutating func flushed(_ count: Int, frames: Int, from start: NIODeadline, to end: NIODeadline) {
        guard count >= Self.many else { return }
        last = Flush(end: end, rest: min((end - start) * Self.rest, Self.longestRest), isShared: frames >= 2 * count)
    }
}
