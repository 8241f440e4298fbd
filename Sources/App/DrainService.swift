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

    /// What is longer under way than `window` is ended after this.
    private static let patience = Duration.seconds(2)
    /// How long after `window` everything that still runs is cancelled.
    static let cancellation = Duration.seconds(4)
    /// How long after `window` the process ends, whatever hangs.
    private static let end = Duration.seconds(5)

    func run() async throws {
        guard (try? await gracefulShutdown()) != nil else { return }
        state.begin()
        EndOfPatience.begin(after: window + Self.end)
        // A second signal ends the process at once.
        for number in [SIGTERM, SIGINT] { signal(number, SIG_DFL) }
        let counts = await registry.counts
        logger.info("draining", metadata: ["connections": .stringConvertible(counts.connections)])
        await registry.goAway(within: window)
        _ = await value(within: window + Self.patience) { await registry.waitUntilEmpty() }
        await registry.endAll(.goingAway)
    }
}
