import Actors
import Logging
import Metrics

/// The adapter's lines in the log, and what it counts.
struct AdapterLog: Sendable {
    private let logger: Logger
    let published: Counter
    let publishDropped: Counter
    let received: Counter
    let receiveDropped: Counter
    private let rejected: [AdapterRejection: Counter]

    init(logger: Logger, factory: any MetricsFactory) {
        self.logger = logger
        published = Counter(label: "switchboard_socketio_adapter_published_total", factory: factory)
        publishDropped = Counter(label: "switchboard_socketio_adapter_publish_dropped_total", factory: factory)
        received = Counter(label: "switchboard_socketio_adapter_received_total", factory: factory)
        receiveDropped = Counter(label: "switchboard_socketio_adapter_receive_dropped_total", factory: factory)
        rejected = Dictionary(
            uniqueKeysWithValues: AdapterRejection.allCases.map { reason in
                let dimensions = [("reason", reason.rawValue)]
                return (reason, Counter(label: "switchboard_socketio_adapter_rejected_total", dimensions: dimensions, factory: factory))
            }
        )
    }

    func rejected(_ reason: AdapterRejection) {
        rejected[reason]?.increment()
    }

    func connected(_ success: BusState.Success, format: AdapterFormat) {
        switch success {
        case .initialized, .enabled: logger.info("initialized", metadata: ["format": .string(format.rawValue)])
        case .restored(let down): logger.info("adapter_restored", metadata: ["downMs": .stringConvertible(down.milliseconds)])
        case .unwanted: break
        }
    }

    func lost(_ reason: RedisError) {
        logger.warning("adapter_lost", metadata: ["reason": .string(reason.message)])
    }

    func connectFailed(_ error: RedisError, endpoint: String) {
        logger.warning("connect_failed", metadata: ["endpoint": .string(endpoint), "reason": .string(error.message)])
    }

    func publishFailed(code: String) {
        logger.warning("publish_failed", metadata: ["error": .string(code)])
    }

    func dropped(published count: Int) {
        logger.warning("publish_dropped", metadata: ["count": .stringConvertible(count)])
    }

    func dropped(received count: Int) {
        logger.warning("receive_dropped", metadata: ["count": .stringConvertible(count)])
    }

    func messageRejected(_ reason: AdapterRejection) {
        logger.warning("adapter_message_rejected", metadata: ["reason": .string(reason.rawValue)])
    }
}
