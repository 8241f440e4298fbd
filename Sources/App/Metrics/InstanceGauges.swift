import Actors
import Transport

/// What is so at a moment, looked up when `/metrics` is asked for.
struct InstanceGauges: Sendable {
    private let registry: Registry
    private let bus: any Bus
    /// Nil without Redis.
    private let redis: RedisBus?
    private let store: StoreStatus
    private let loops: SessionLoops
    private let admission: ConnectionAdmission
    private let process: ProcessGauges

    private let connections: GaugeCell
    private let users: GaugeCell
    private let channels: GaugeCell
    private let sockets: GaugeCell
    private let waitingBytes: GaugeCell
    private let largestWaitingBytes: GaugeCell
    private let busStates: [(state: String, gauge: GaugeCell)]
    private let busDegraded: GaugeCell
    private let probeAge: GaugeCell
    private let publishQueue: GaugeCell
    private let reconcilerLag: GaugeCell
    private let storeUp: GaugeCell

    /// - Parameter redis: what `bus` leads to, however much is between them.
    init(
        _ metrics: PrometheusRegistry,
        registry: Registry,
        bus: any Bus,
        redis: RedisBus?,
        store: StoreStatus,
        loops: SessionLoops,
        admission: ConnectionAdmission,
        connectionLimit: Int,
        startedAt: Timestamp
    ) {
        self.registry = registry
        self.bus = bus
        self.redis = redis
        self.store = store
        self.loops = loops
        self.admission = admission
        process = ProcessGauges(metrics, startedAt: Double(startedAt.milliseconds) / 1_000)
        connections = metrics.gauge("switchboard_connections")
        users = metrics.gauge("switchboard_users")
        channels = metrics.gauge("switchboard_channels")
        sockets = metrics.gauge("switchboard_sockets")
        waitingBytes = metrics.gauge("switchboard_outbound_waiting_bytes")
        largestWaitingBytes = metrics.gauge("switchboard_outbound_waiting_largest_bytes")
        busStates = ["connected", "reconnecting", "disabled"].map { ($0, metrics.gauge("switchboard_bus_state", [("state", $0)])) }
        busDegraded = metrics.gauge("switchboard_bus_degraded")
        probeAge = metrics.gauge("switchboard_bus_probe_age_seconds")
        publishQueue = metrics.gauge("switchboard_bus_publish_queue")
        reconcilerLag = metrics.gauge("switchboard_reconciler_lag_seconds")
        storeUp = metrics.gauge("switchboard_store_up")
        metrics.gauge("switchboard_connections_limit").set(Double(connectionLimit))
        metrics.gauge("switchboard_build_info", [("version", InstanceReporter.version)]).set(1.0)
    }

    func update() async {
        let counts = await registry.counts
        connections.set(Double(counts.connections))
        users.set(Double(counts.users))
        channels.set(Double(registry.channels.count))
        sockets.set(Double(admission.sockets))
        let outbound = loops.outbound
        waitingBytes.set(Double(outbound.sum))
        largestWaitingBytes.set(Double(outbound.most))
        let status = bus.status
        for (state, gauge) in busStates { gauge.set(state == status.label ? 1.0 : 0.0) }
        busDegraded.set(status.isDegraded ? 1.0 : 0.0)
        probeAge.set(redis?.probeAge?.inSeconds ?? 0)
        publishQueue.set(Double(redis?.waitingHints ?? 0))
        reconcilerLag.set(registry.freshness.age.inSeconds)
        storeUp.set(store.isAvailable ? 1.0 : 0.0)
        process.update()
    }
}

extension BusStatus {
    /// As the metrics say it.
    fileprivate var label: String {
        switch self {
        case .disabled, .unreached: "disabled"
        case .connected: "connected"
        case .reconnecting: "reconnecting"
        }
    }
}

extension Duration {
    fileprivate var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
