import Actors
import ServiceLifecycle

/// Runs the reconciler until shutdown, and at once whenever the bus may have missed something; tells the clients what becomes of the bus.
struct ReconcilerService: Service {
    let reconciler: Reconciler
    let bus: any Bus
    let registry: Registry

    func run() async {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await reconciler.run() }
                group.addTask { await ClusterStatusTeller(bus: bus, registry: registry).run() }
                group.addTask {
                    for await _ in bus.confirmedLate { _ = await reconciler.reconcile() }
                }
            }
        }
    }
}

/// Leads from the bus, which is there first, to those who make up for what it has missed.
final class RestoreHook: Sendable {
    private let parts = Locked<(reconciler: Reconciler, presence: PresenceHub)?>(nil)

    func set(_ reconciler: Reconciler, _ presence: PresenceHub) {
        parts.withLock { $0 = (reconciler, presence) }
    }

    /// - Returns: how many messages were made up for.
    func run() async -> Int {
        guard let (reconciler, presence) = parts.withLock({ $0 }) else { return 0 }
        await presence.directoryReturned()
        return await reconciler.reconcile()
    }
}
