import Metrics

/// The rounds of the reconciler, and what they had to make good.
package struct ReconcilerMetrics: Sendable {
    private let roundTime: Timer
    private let failures: Counter
    private let gaps: Counter
    private let filled: Counter

    init(_ factory: any MetricsFactory) {
        roundTime = Timer(label: "switchboard_reconciler_round_duration_seconds", factory: factory)
        failures = Counter(label: "switchboard_reconciler_round_failures_total", factory: factory)
        gaps = Counter(label: "switchboard_reconciler_gaps_total", factory: factory)
        filled = Counter(label: "switchboard_reconciler_filled_messages_total", factory: factory)
    }

    func noteRound(took duration: Duration) { roundTime.record(duration: duration) }
    func noteFailedRound() { failures.increment() }

    /// Conversations that were ahead of their cursor here.
    func noteGaps(_ count: Int) {
        guard count > 0 else { return }
        gaps.increment(by: count)
    }

    func noteFilled(_ count: Int) { filled.increment(by: count) }
}
