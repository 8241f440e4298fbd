/// Counts what happens on an instance until the next look at it.
package final class ActivityMeter: Sendable {
    private let counts = Locked(ActivityCounts())

    package init() {}

    package func stored(messages: Int) {
        counts.withLock { $0[.messages] += messages }
    }

    /// - Parameter duration: how long the connection was open.
    package func connectionEnded(after duration: Duration) {
        let length = ActivityFigure.connectionLengths.first { $0.seconds.map { duration <= .seconds($0) } ?? true }
        guard let length else { return }
        counts.withLock { $0[length.figure] += 1 }
    }

    /// What was counted since the last call.
    package func take() -> ActivityCounts {
        counts.withLock { counts in
            defer { counts = ActivityCounts() }
            return counts
        }
    }
}
