package import Actors
package import Logging

/// The bus of a single instance: nobody hears what is published, and nothing comes.
package struct DisabledBus: Bus {
    package let messages: AsyncStream<BusDelivery>
    package let kicks: AsyncStream<BusDelivery>

    /// Says at once that the bus is disabled.
    ///
    /// - Parameters:
    ///   - logger: labelled `RedisBus`.
    ///   - nodeEnvironment: `NODE_ENV`, for the log.
    package init(reason: String = "REDIS_URL not set", nodeEnvironment: String, logger: Logger) {
        messages = AsyncStream { $0.finish() }
        kicks = AsyncStream { $0.finish() }
        BusLog(logger: logger).disabled(reason: reason, nodeEnvironment: nodeEnvironment)
    }

    package var status: BusStatus { .disabled }

    package func publish(_ event: BusEvent) {}
}
