import NIOCore

/// When a loop's next flush of its connections is due.
///
/// A flush costs a system call a connection, which costs nearly the same whether it carries one frame or ten. So after a flush of many connections
/// the next one rests in proportion to what it took, and what comes meanwhile shares the system calls. The first message after a pause, and
/// whatever goes to few, is never held up.
struct FlushPace {
    /// Connections that are many.
    static let many = 16
    /// How many times as long as the last flush took the next one rests.
    static let rest: Int64 = 4
    /// The most that a frame is held up.
    static let longestRest = TimeAmount.milliseconds(2)

    private var due: NIODeadline?

    /// Until when what is written at `now` waits; nil where it goes out at the end of the turn.
    func wait(at now: NIODeadline) -> NIODeadline? {
        guard let due, now < due else { return nil }
        return due
    }

    /// So many connections were flushed.
    mutating func flushed(_ count: Int, from start: NIODeadline, to end: NIODeadline) {
        due = count < Self.many ? nil : end + min((end - start) * Self.rest, Self.longestRest)
    }
}
