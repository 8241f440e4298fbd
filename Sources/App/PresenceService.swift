import Actors
import ServiceLifecycle

/// Runs presence. It starts behind the bus and stops before it, so that what is withdrawn at the end still finds its way.
struct PresenceService: Service {
    let hub: PresenceHub
    /// Nil without Redis.
    let keeper: LeaseKeeper?
    private let claimed = LeaseGate()

    init(hub: PresenceHub, keeper: LeaseKeeper?) {
        self.hub = hub
        self.keeper = keeper
    }

    /// Waits until this instance may go by its id. To be called before the server listens.
    func waitUntilClaimed() async throws(DuplicateInstanceError) {
        try await claimed.wait(atMost: .seconds(10))
    }

    /// - Throws: `DuplicateInstanceError` where another live process goes by the same instance id.
    func run() async throws {
        let failure = await cancelWhenGracefulShutdown { await work() }
        if let failure {
            // The clients' sockets get their close frames before the process ends.
            claimed.decide(.failure(failure))
            try? await Task.sleep(for: .milliseconds(500))
            throw failure
        }
        claimed.decide(.success(()))
        await keeper?.withdraw()
    }

    private func work() async -> DuplicateInstanceError? {
        await withTaskGroup(of: DuplicateInstanceError?.self) { group in
            group.addTask {
                await hub.run()
                return nil
            }
            group.addTask {
                guard let keeper else {
                    claimed.decide(.success(()))
                    return nil
                }
                do throws(DuplicateInstanceError) {
                    try await keeper.run { claimed.decide(.success(())) }
                    return nil
                } catch {
                    return error
                }
            }
            for await failure in group {
                guard let failure else { continue }
                group.cancelAll()
                return failure
            }
            return nil
        }
    }
}
