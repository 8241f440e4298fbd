package import Actors
package import Logging

/// The bus of a single instance: nobody hears what is published, and nothing comes.
package struct DisabledBus: Bus {
    /// Says at once that the bus is disabled.
    ///
    /// - Parameters:
    ///   - logger: labelled `RedisBus`.
    ///   - nodeEnvironment: `NODE_ENV`, for the log.
    package init(reason: String = "REDIS_URL not set", nodeEnvironment: String, logger: Logger) {
        BusLog(logger: logger).disabled(reason: reason, nodeEnvironment: nodeEnvironment)
    }

    package var status: BusStatus { .disabled }

    package var statusChanges: AsyncStream<BusStatus> { AsyncStream { $0.finish() } }

    package var confirmedLate: AsyncStream<BusTopic> { AsyncStream { $0.finish() } }

    package func publish(_ event: BusEvent) {}

    package func events(_ family: BusFamily) -> AsyncStream<BusDelivery> {
        AsyncStream { $0.finish() }
    }

    package func follow(_ topic: BusTopic) async {}

    package func unfollow(_ topic: BusTopic) {}
}
