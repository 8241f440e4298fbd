import Actors

/// How large the inserts of messages were since the start.
final class InsertCount: Sendable {
    struct Sums: Sendable {
        var inserts = 0
        var messages = 0
        /// The most messages of one insert.
        var largest = 0
    }

    private let state = Locked(Sums())

    var sums: Sums { state.withLock { $0 } }

    func note(_ sizes: [Int]) {
        state.withLock { sums in
            for size in sizes {
                sums.inserts += 1
                sums.messages += size
                sums.largest = max(sums.largest, size)
            }
        }
    }
}
