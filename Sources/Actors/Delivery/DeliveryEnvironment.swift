package import Logging

/// What the actors that deliver share on an instance.
package struct DeliveryEnvironment: Sendable {
    package let store: any Store
    package let bus: any Bus
    package let time: any TimeSource
    package let random: RandomSource
    package let channels = ChannelDirectory()
    package let freshness: FreshnessGate
    package let metrics: ChatMetrics
    package let logger: Logger

    /// - Parameter logger: labelled `Reconciler`.
    package init(
        store: any Store,
        bus: any Bus,
        time: any TimeSource,
        random: RandomSource = RandomSource(),
        metrics: ChatMetrics = .shared,
        logger: Logger = Logger(label: "Reconciler")
    ) {
        self.store = store
        self.bus = bus
        self.metrics = metrics
        self.time = time
        self.random = random
        freshness = FreshnessGate(time: time)
        self.logger = logger
    }
}

extension DeliveryEnvironment {
    /// Measures messages of one conversation that were just written to connections.
    func noteDelivered(_ messages: [Message], by path: DeliveryPath) {
        guard !messages.isEmpty else { return }
        metrics.delivery.delivered(messages, by: path, at: time.now())
    }
}
