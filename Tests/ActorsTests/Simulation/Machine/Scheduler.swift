import Actors
import TestSupport

/// Runs every job of the process on its one thread, in an order that the seed chooses, and moves the clock on when none is left.
///
/// It is the current executor of what it runs, so that each hop to an actor is a job of its own and has a place in that order.
final class Scheduler: SerialExecutor, @unchecked Sendable {
    // Everything here is touched by one thread only: the one that calls `step`.

    /// That of the run that is under way.
    nonisolated(unsafe) static var current = Scheduler(seed: 0)

    private struct Timer {
        let deadline: Int64
        let id: UInt64
        let work: @Sendable () -> Void
    }

    private(set) var steps = 0
    /// Since the run began, in microseconds.
    private var clock: Int64 = 0
    private var random: SeededGenerator
    private var jobs: [UnownedJob] = []
    /// Those that have work. Sorted by number: in which order one actor tells several executors follows from addresses, and must not matter.
    private var readyLanes: [Lane] = []
    private var lanes = 0
    /// The next one is the last.
    private var timers: [Timer] = []
    private var lastTimer: UInt64 = 0

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
    }

    var now: Duration { .microseconds(clock) }

    /// How many timers wait, and how many jobs could run.
    var waiting: (timers: Int, jobs: Int) { (timers.count, jobs.count + readyLanes.count) }

    func enqueue(_ job: consuming ExecutorJob) {
        take(UnownedJob(job))
    }

    func take(_ job: UnownedJob) {
        jobs.append(job)
    }

    func makeLane() -> Lane {
        lanes += 1
        return Lane(number: lanes, scheduler: self)
    }

    /// A lane has got its first work.
    func noteReady(_ lane: Lane) {
        let index = readyLanes.firstIndex { $0.number > lane.number } ?? readyLanes.count
        readyLanes.insert(lane, at: index)
    }

    @discardableResult
    func after(_ duration: Duration, _ work: @escaping @Sendable () -> Void) -> UInt64 {
        lastTimer += 1
        let timer = Timer(deadline: clock + max(0, duration.inMicroseconds), id: lastTimer, work: work)
        var (low, high) = (0, timers.count)
        while low < high {
            let middle = (low + high) / 2
            if (timers[middle].deadline, timers[middle].id) > (timer.deadline, timer.id) { low = middle + 1 } else { high = middle }
        }
        timers.insert(timer, at: low)
        return timer.id
    }

    func cancel(_ timer: UInt64) {
        timers.removeAll { $0.id == timer }
    }

    /// Runs one job, or where there is none the next timer.
    ///
    /// - Returns: false where nothing is left at all.
    func step() -> Bool {
        steps += 1
        let count = jobs.count + readyLanes.count
        if count > 0 {
            let choice = count == 1 ? 0 : Int.random(in: 0..<count, using: &random)
            if choice < jobs.count {
                jobs.remove(at: choice).runSynchronously(on: asUnownedSerialExecutor())
            } else {
                let lane = readyLanes[choice - jobs.count]
                if !lane.runNext() { readyLanes.removeAll { $0 === lane } }
            }
            return true
        }
        guard let timer = timers.popLast() else { return false }
        clock = max(clock, timer.deadline)
        timer.work()
        return true
    }
}

/// An event loop: runs sessions, in the order in which it is given work.
final class Lane: SessionExecutor, @unchecked Sendable {
    // Touched by the scheduler's thread only.
    let number: Int
    private unowned let scheduler: Scheduler
    private var work: [@Sendable () -> Void] = []
    private var isRunning = false

    init(number: Int, scheduler: Scheduler) {
        self.number = number
        self.scheduler = scheduler
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        execute { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    func execute(_ work: @escaping @Sendable () -> Void) {
        self.work.append(work)
        if self.work.count == 1, !isRunning { scheduler.noteReady(self) }
    }

    func checkIsolated() {
        precondition(isRunning, "not on this lane")
    }

    /// - Returns: whether there is more.
    func runNext() -> Bool {
        isRunning = true
        let next = work.removeFirst()
        next()
        isRunning = false
        return !work.isEmpty
    }
}

extension Duration {
    var inMicroseconds: Int64 {
        components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
    }

    /// The same in words for the history: `12.345678`.
    var inSeconds: String {
        let microseconds = inMicroseconds
        let fraction = String(microseconds % 1_000_000)
        return "\(microseconds / 1_000_000).\(String(repeating: "0", count: 6 - fraction.count))\(fraction)"
    }
}
