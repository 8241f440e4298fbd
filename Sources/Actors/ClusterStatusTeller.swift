/// Tells the clients of this instance, at once and in order, whenever the bus is lost and whenever it is back.
///
/// Who comes while it is away hears of it after the welcome.
package struct ClusterStatusTeller: Sendable {
    private let bus: any Bus
    private let registry: Registry

    package init(bus: any Bus, registry: Registry) {
        self.bus = bus
        self.registry = registry
    }

    /// Runs until the bus ends or the task is cancelled.
    package func run() async {
        var wasDegraded = false
        for await status in bus.statusChanges {
            let isDegraded = status.isDegraded
            // The first connection is no return.
            guard isDegraded != wasDegraded else { continue }
            wasDegraded = isDegraded
            for user in await registry.everybody { await user.tell(.clusterStatus(isDegraded: isDegraded)) }
        }
    }
}
