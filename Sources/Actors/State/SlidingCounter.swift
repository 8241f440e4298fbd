import DequeModule

/// Counts events in a window that slides: whatever the moment, not more than so many may lie in the time before it.
package struct SlidingCounter: Sendable {
    private let limit: Int
    private let window: Duration
    /// When the latest events were, `limit` of them at the most, ascending.
    private var times: Deque<Duration> = []

    /// - Parameters:
    ///   - limit: events in `window` that are not too many.
    ///   - window: how far back it is counted.
    package init(limit: Int, window: Duration) {
        self.limit = limit
        self.window = window
    }

    /// Counts one event; true where there were `limit` others in the window before it.
    package mutating func exceeds(at now: Duration) -> Bool {
        while let first = times.first, now - first >= window { times.removeFirst() }
        guard times.count < limit else { return true }
        times.append(now)
        return false
    }
}
