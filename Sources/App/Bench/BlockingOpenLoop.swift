import Glibc
import Synchronization

/// As `OpenLoop`, on a thread that does each thing itself and sleeps in between: for what is measured alone.
final class BlockingOpenLoop: Sendable {
    private let rate: Int
    private let count: Int
    private let warmUp: Int
    private let times = Mutex(Latencies())

    /// - Parameters:
    ///   - rate: a second.
    ///   - warmUp: so many of the first aren't measured.
    init(rate: Int, count: Int, warmUp: Int) {
        self.rate = rate
        self.count = count
        self.warmUp = warmUp
    }

    /// From when each was due until it was done; where the thread slept until then, from when it woke: how late a sleep ends is the
    /// generator's matter.
    var latencies: Latencies { times.withLock { $0 } }

    /// Returns when the last has been done.
    func run(_ action: (Int) throws -> Void) throws {
        let start = Self.now() + 10_000_000
        for number in 0..<count {
            let due = start + Int64(Double(number) * 1_000_000_000 / Double(rate))
            let begin = Self.now() < due ? Self.sleep(until: due) : due
            try action(number)
            if number >= warmUp { times.withLock { $0.record(nanoseconds: Self.now() - begin) } }
        }
    }

    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// - Returns: when it ended.
    private static func sleep(until due: Int64) -> Int64 {
        var time = timespec(tv_sec: Int(due / 1_000_000_000), tv_nsec: Int(due % 1_000_000_000))
        while clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil) == EINTR {}
        return now()
    }
}
