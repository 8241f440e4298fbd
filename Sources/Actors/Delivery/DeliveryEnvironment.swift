package import Logging

/// What the actors that deliver share on an instance.
package struct DeliveryEnvironment: Sendable {
    package let store: any Store
    package let bus: any Bus
    package let time: any TimeSource
    package let random: RandomSource
    package let channels = ChannelDirectory()
    package let freshness: FreshnessGate
    package let logger: Logger

    /// - Parameter logger: labelled `Reconciler`.
    package init(
        store: any Store,
        bus: any Bus,
        time: any TimeSource,
        random: RandomSource = RandomSource(),
        logger: Logger = Logger(label: "Reconciler")
    ) {
        self.store = store
        self.bus = bus
        self.time = time
        self.random = random
        freshness = FreshnessGate(time: time)
        self.logger = logger
    }
}
