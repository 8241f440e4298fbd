import Actors
import Glibc
import Logging
import ServiceLifecycle

/// Sends the clients away before the server stops: the last service to start and so the first to stop.
struct DrainService: Service {
    let registry: Registry
    let state: DrainState
    /// The time over which clients are asked to leave.
    let window: Duration
    let logger: Logger

    func run() async throws {
        try? await gracefulShutdown()
        state.begin()
        // A second signal ends the process at once.
        for number in [SIGTERM, SIGINT] { signal(number, SIG_DFL) }
        let counts = await registry.counts
        logger.info("draining", metadata: ["connections": .stringConvertible(counts.connections)])
        await registry.goAway(within: window)
        await registry.waitUntilEmpty()
    }
}
