/// An instance's minutes: the one that runs, and those that the store doesn't have yet.
package struct ActivityLog: Sendable {
    /// How many minutes wait for a store that is away; past that the oldest go.
    package static let limit = 60

    private var minute: Int64
    private var running = ActivityCounts()
    private var waiting: [(minute: Int64, counts: ActivityCounts)] = []

    package init(now: Timestamp) {
        minute = Self.minute(of: now)
    }

    package static func minute(of time: Timestamp) -> Int64 {
        time.milliseconds / 60_000
    }

    /// Takes in what was counted up to `now`.
    package mutating func note(_ counts: ActivityCounts, at now: Timestamp) {
        let current = Self.minute(of: now)
        if current != minute {
            waiting.append((minute, running))
            if waiting.count > Self.limit { waiting.removeFirst() }
            minute = current
            running = ActivityCounts()
        }
        running.mergeMinute(counts)
    }

    /// The oldest minute that is over and not stored.
    package var next: (minute: Int64, counts: ActivityCounts)? { waiting.first }

    package mutating func stored(_ minute: Int64) {
        waiting.removeAll { $0.minute == minute }
    }

    /// The minute that runs.
    package var current: ActivitySpan { ActivitySpan(start: minute, counts: running) }
}
