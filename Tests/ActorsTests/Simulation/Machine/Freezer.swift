/// Holds back what comes to a process that stands still: timers, answers, frames, hints. They are all there when it goes on.
///
/// What the process had begun is done first, as running takes no time here.
final class Freezer: @unchecked Sendable {
    // Touched by the scheduler's thread only.
    private let scheduler: Scheduler
    private var held: [@Sendable () -> Void] = []
    private(set) var isFrozen = false
    private var thawedAt: Duration?

    init(_ scheduler: Scheduler) {
        self.scheduler = scheduler
    }

    func freeze() {
        isFrozen = true
    }

    func thaw() {
        isFrozen = false
        thawedAt = scheduler.now
        let all = held
        held = []
        for work in all { scheduler.after(.zero, work) }
    }

    /// Does it now, or as soon as the process goes on.
    func run(_ work: @escaping @Sendable () -> Void) {
        if isFrozen { held.append(work) } else { work() }
    }

    /// Whether it has been going on for at least `duration`.
    func hasRun(for duration: Duration) -> Bool {
        !isFrozen && thawedAt.map { scheduler.now - $0 >= duration } ?? true
    }
}
