/// Sums up losses, so that the log gets a line an interval instead of a line a loss.
package struct LossReport: Sendable {
    private let interval: Duration
    private var unreported = 0
    private var reportedAt: Duration?

    package init(interval: Duration = .seconds(5)) {
        self.interval = interval
    }

    /// Counts `count` losses at the uptime `now`; how many to report, nil for none now.
    package mutating func add(_ count: Int, at now: Duration) -> Int? {
        unreported += count
        guard unreported > 0 else { return nil }
        if let reportedAt, now - reportedAt < interval { return nil }
        reportedAt = now
        return remainder()
    }

    /// What has not been reported yet; nil for nothing.
    package mutating func remainder() -> Int? {
        guard unreported > 0 else { return nil }
        defer { unreported = 0 }
        return unreported
    }
}
