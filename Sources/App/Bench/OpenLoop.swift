import NIOCore
import Synchronization

/// A clock that asks for one thing after the other at a fixed rate, whatever becomes of them: what comes late is late by its own account
/// and not by that of the ones before (no coordinated omission).
final class OpenLoop: Sendable {
    private struct State {
        var next = 0
        /// How late each was asked for: the generator's own share.
        var lateness = Latencies()
    }

    let count: Int
    private let start: NIODeadline
    private let nanosecondsBetween: Double
    private let loop: any EventLoop
    private let action: @Sendable (Int) -> Void
    private let done: EventLoopPromise<Void>
    private let state = Mutex(State())

    /// - Parameters:
    ///   - rate: a second.
    ///   - count: how many in all.
    ///   - action: called on `loop` with the number of each.
    init(rate: Int, count: Int, on loop: any EventLoop, action: @escaping @Sendable (Int) -> Void) {
        self.count = count
        self.loop = loop
        self.action = action
        nanosecondsBetween = 1_000_000_000 / Double(rate)
        start = .now() + .milliseconds(10)
        done = loop.makePromise()
    }

    /// When a number is due; times are counted from then.
    func dueTime(of number: Int) -> NIODeadline {
        start + .nanoseconds(Int64(Double(number) * nanosecondsBetween))
    }

    var lateness: Latencies { state.withLock { $0.lateness } }

    /// Returns when the last has been asked for.
    func run() async throws {
        loop.execute { self.step() }
        try await done.futureResult.get()
    }

    private func step() {
        while let number = nextDue() { action(number) }
        let next = state.withLock { $0.next }
        guard next < count else {
            done.succeed()
            return
        }
        _ = loop.scheduleTask(deadline: dueTime(of: next)) { self.step() }
    }

    private func nextDue() -> Int? {
        state.withLock { state in
            let late = NIODeadline.now() - dueTime(of: state.next)
            guard state.next < count, late >= .zero else { return nil }
            state.lateness.record(nanoseconds: late.nanoseconds)
            defer { state.next += 1 }
            return state.next
        }
    }
}
