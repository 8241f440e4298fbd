import Metrics

/// Bans and revocations that were carried out on this instance.
package struct KickMetrics: Sendable {
    private struct Handles: Sendable {
        let ban: Counter
        let revokeAll: Counter
        let revokeOne: Counter
        let delay: Timer
    }

    private let handles: ByDeliveryPath<Handles>
    private let connections: Counter

    init(_ factory: any MetricsFactory) {
        handles = ByDeliveryPath { path in
            func counter(_ action: String) -> Counter {
                Counter(label: "switchboard_kicks_total", dimensions: [("action", action), ("path", path.rawValue)], factory: factory)
            }
            return Handles(
                ban: counter("ban"),
                revokeAll: counter("revoke_all"),
                revokeOne: counter("revoke_one"),
                delay: Timer(label: "switchboard_kick_delay_seconds", dimensions: [("path", path.rawValue)], factory: factory)
            )
        }
        connections = Counter(label: "switchboard_kicked_connections_total", factory: factory)
    }

    /// An order that ended connections here.
    ///
    /// - Parameters:
    ///   - delay: from the order to their end; by the reconciler the longest that it can have been.
    ///   - closed: how many connections that were.
    func carriedOut(_ kick: Kick, by path: DeliveryPath, after delay: Duration, closed: Int) {
        guard closed > 0 else { return }
        let handles = handles[path]
        switch kick {
        case .ban: handles.ban.increment()
        case .revokeAll: handles.revokeAll.increment()
        case .revokeOne: handles.revokeOne.increment()
        }
        connections.increment(by: closed)
        handles.delay.record(duration: max(.zero, delay))
    }
}
