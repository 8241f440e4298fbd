import Actors
import Logging

/// The bus's lines in the log: what they are called and what they hold.
struct BusLog: Sendable {
    let logger: Logger

    func initialized(channels: [String], routing: BusRouting) {
        var metadata: Logger.Metadata = ["channels": .array(channels.map { .string($0) })]
        if routing != .broadcast { metadata["routing"] = .string(routing.rawValue) }
        logger.info("initialized", metadata: metadata)
    }

    /// - Parameter other: nil for one that this version doesn't know.
    func routingMismatch(own: BusRouting, other: BusRouting?, of origin: InstanceIdentity) {
        logger.warning(
            "routing_mismatch",
            metadata: [
                "routing": .string(own.rawValue),
                "otherRouting": .string(other?.rawValue ?? "unknown"),
                "originInstanceId": .string(origin.instanceID),
            ]
        )
    }

    func initTimeout(_ timeout: Duration) {
        logger.warning("init_timeout", metadata: ["timeoutMs": .stringConvertible(timeout.milliseconds)])
    }

    func disabled(reason: String, nodeEnvironment: String) {
        logger.warning("bus_disabled", metadata: ["reason": .string(reason), "NODE_ENV": .string(nodeEnvironment)])
    }

    func enabled() {
        logger.info("bus_enabled")
    }

    func lost(_ reason: RedisError) {
        logger.warning("bus_lost", metadata: ["reason": .string(reason.message)])
    }

    func restored(down: Duration, reconciled: Int) {
        logger.info(
            "bus_restored",
            metadata: ["downMs": .stringConvertible(down.milliseconds), "reconciled": .stringConvertible(reconciled)]
        )
    }

    func connectFailed(_ error: RedisError, endpoint: String) {
        logger.warning("connect_failed", metadata: ["endpoint": .string(endpoint), "reason": .string(error.message)])
    }

    func published(_ hint: BusHint) {
        logger.log(level: hint.level, hint.event, metadata: hint.metadata)
    }

    func publishFailed(channel: String, code: String) {
        logger.warning("publish_failed", metadata: ["channel": .string(channel), "error": .string(code)])
    }

    func publishDropped(_ count: Int) {
        logger.warning("publish_dropped", metadata: ["count": .stringConvertible(count)])
    }

    func receiveDropped(_ count: Int) {
        logger.warning("receive_dropped", metadata: ["count": .stringConvertible(count)])
    }

    func messageRejected(_ reason: BusRejection) {
        logger.warning("bus_message_rejected", metadata: ["reason": .string(reason.rawValue)])
    }

    func stopped(unsent: Int) {
        logger.info("stopped", metadata: ["unsent": .stringConvertible(unsent)])
    }
}
