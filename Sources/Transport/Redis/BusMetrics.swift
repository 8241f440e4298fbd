import Metrics

/// What the bus counts.
struct BusMetrics: Sendable {
    let published: Counter
    let failed: Counter
    let dropped: Counter
    let received: Counter
    let receiveDropped: Counter
    let lost: Counter
    private let receiveAge: Timer
    private let rejected: [BusRejection: Counter]

    init(factory: any MetricsFactory) {
        published = Counter(label: "switchboard_bus_published_total", factory: factory)
        failed = Counter(label: "switchboard_bus_publish_failed_total", factory: factory)
        dropped = Counter(label: "switchboard_bus_publish_dropped_total", factory: factory)
        received = Counter(label: "switchboard_bus_received_total", factory: factory)
        receiveDropped = Counter(label: "switchboard_bus_receive_dropped_total", factory: factory)
        lost = Counter(label: "switchboard_bus_lost_total", factory: factory)
        receiveAge = Timer(label: "switchboard_bus_receive_age_seconds", factory: factory)
        rejected = Dictionary(
            uniqueKeysWithValues: BusRejection.allCases.map { reason in
                (reason, Counter(label: "switchboard_bus_rejected_total", dimensions: [("reason", reason.rawValue)], factory: factory))
            }
        )
    }

    /// - Parameter age: of an event of another instance when it came, by the clocks of both.
    func received(age: Duration) {
        receiveAge.record(duration: max(.zero, age))
    }

    func rejected(_ reason: BusRejection) {
        rejected[reason]?.increment()
    }
}
