import Metrics

/// Connections that were not let in, by the status of their answer.
struct UpgradeMetrics: Sendable {
    /// Those of the process.
    static let shared = UpgradeMetrics(factory: MetricsSystem.factory)

    private static let statuses: [UInt] = [400, 401, 403, 426, 429, 431, 503]

    private let refused: [UInt: Counter]
    private let others: Counter
    private let sockets: Counter
    private let slowRequests: Counter

    init(factory: any MetricsFactory) {
        func counter(_ status: String) -> Counter {
            Counter(label: "switchboard_upgrades_refused_total", dimensions: [("status", status)], factory: factory)
        }
        refused = Dictionary(uniqueKeysWithValues: Self.statuses.map { ($0, counter("\($0)")) })
        others = counter("other")
        sockets = Counter(label: "switchboard_sockets_refused_total", factory: factory)
        slowRequests = Counter(label: "switchboard_slow_requests_total", factory: factory)
    }

    func refused(status: UInt) {
        (refused[status] ?? others).increment()
    }

    func refusedSocket() {
        sockets.increment()
    }

    /// A request whose head or body took too long.
    func closedSlowRequest() {
        slowRequests.increment()
    }
}
