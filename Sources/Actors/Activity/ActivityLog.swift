/// An instance's minutes: the one that runs, and those that the store doesn't have yet.
package struct ActivityLog: Sendable {
    /// How many minutes wait for a store that is away; past that the oldest go.
    package static let limit = 60

    private var minute: Int64
    private var running = ActivityCounts()
    private var waiting: [(minute: Int64, counts: ActivityCounts)] = []
    /// The minute in which an earlier life of the instance may have ended; nil once what it stored is in `waiting` too.
    private var shared: Int64?

    package init(now: Timestamp) {
        minute = Self.minute(of: now)
        shared = minute
    }

    package static func minute(of time: Timestamp) -> Int64 {
        time.milliseconds / 60_000
    }

    /// Takes in what was counted up to `now`.
    package mutating func note(_ counts: ActivityCounts, at now: Timestamp) {
        let current = Self.minute(of: now)
        if current != minute {
            endMinute()
            minute = current
        }
        running.mergeMinute(counts)
    }

    /// Has the minute that runs wait for the store as it is, though it isn't over: nothing more will be noted in it.
    package mutating func endMinute() {
        waiting.append((minute, running))
        if waiting.count > Self.limit { waiting.removeFirst() }
        running = ActivityCounts()
    }

    /// The oldest minute that is not to be counted further and not stored.
    ///
    /// `isShared` where the store has to be asked first what it has of it.
    package var next: (minute: Int64, counts: ActivityCounts, isShared: Bool)? {
        waiting.first.map { ($0.minute, $0.counts, $0.minute == shared) }
    }

    /// Puts what an earlier life stored of the shared minute to what was counted since.
    package mutating func takeIn(_ earlier: ActivityCounts?) {
        if let earlier, let index = waiting.firstIndex(where: { $0.minute == shared }) { waiting[index].counts.mergeMinute(earlier) }
        shared = nil
    }

    package mutating func stored(_ minute: Int64) {
        waiting.removeAll { $0.minute == minute }
    }

    /// The minute that runs.
    package var current: ActivitySpan { ActivitySpan(start: minute, counts: running) }
}
