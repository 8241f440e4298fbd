import Metrics

/// What the store's connections are busy with, whatever the store.
struct StoreMetrics: Sendable {
    /// What an operation does, as far as the store's pool knows.
    enum Kind: String, CaseIterable {
        case read
        case write
        /// Either: MongoDB's pool doesn't tell them apart.
        case command
    }

    /// Those of the process.
    static let shared = StoreMetrics(factory: MetricsSystem.factory)

    private let reads: (wait: Timer, work: Timer)
    private let writes: (wait: Timer, work: Timer)
    private let commands: (wait: Timer, work: Timer)
    private let refused: Counter

    init(factory: any MetricsFactory) {
        func timers(_ kind: Kind) -> (wait: Timer, work: Timer) {
            (
                Timer(label: "switchboard_store_wait_seconds", dimensions: [("kind", kind.rawValue)], factory: factory),
                Timer(label: "switchboard_store_duration_seconds", dimensions: [("kind", kind.rawValue)], factory: factory)
            )
        }
        (reads, writes, commands) = (timers(.read), timers(.write), timers(.command))
        refused = Counter(label: "switchboard_store_refused_total", factory: factory)
    }

    /// An operation had waited for a connection.
    func waited(_ duration: Duration, for kind: Kind) {
        self[kind].wait.record(duration: duration)
    }

    /// An operation, or a transaction of several, had a connection for so long.
    func worked(_ duration: Duration, on kind: Kind) {
        self[kind].work.record(duration: duration)
    }

    /// An operation was refused, as too many waited.
    func noteRefused() {
        refused.increment()
    }

    private subscript(kind: Kind) -> (wait: Timer, work: Timer) {
        switch kind {
        case .read: reads
        case .write: writes
        case .command: commands
        }
    }
}
