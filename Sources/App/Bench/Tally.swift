import Synchronization

/// What the clients of one measurement have seen, all together.
final class Tally: Sendable {
    struct Counts: Sendable {
        /// Answers since the last `beginMeasuring`, and how long they took.
        var latencies = Latencies()
        var acknowledged = 0
        var received = 0
        /// Frames that should not have come.
        var unexpected = 0
    }

    private let state = Mutex(Counts())

    var counts: Counts { state.withLock { $0 } }

    func acknowledged(after nanoseconds: Int64) {
        state.withLock { counts in
            counts.acknowledged += 1
            counts.latencies.record(nanoseconds: nanoseconds)
        }
    }

    func received() {
        state.withLock { $0.received += 1 }
    }

    func unexpected() {
        state.withLock { $0.unexpected += 1 }
    }

    /// Forgets the times so far: they were to warm up.
    func beginMeasuring() {
        state.withLock { $0.latencies = Latencies() }
    }
}
