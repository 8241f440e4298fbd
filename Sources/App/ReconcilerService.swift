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

/// Leads from the bus, which is there first, to the reconciler.
final class RestoreHook: Sendable {
    private let reconciler = Locked<Reconciler?>(nil)

    func set(_ reconciler: Reconciler) {
        self.reconciler.withLock { $0 = reconciler }
    }

    /// - Returns: how much was made up for.
    func run() async -> Int {
        await reconciler.withLock { $0 }?.reconcile() ?? 0
    }
}
