import Logging
import Metrics

/// What this layer measures.
package enum TransportMetrics {
    /// Makes the handles of the process: what never happens is then seen as zero and not as missing.
    package static func prepare() {
        _ = StoreMetrics.shared
        _ = UpgradeMetrics.shared
        _ = AdapterLog(logger: Logger(label: "SocketIOAdapter"), factory: MetricsSystem.factory)
    }
}
