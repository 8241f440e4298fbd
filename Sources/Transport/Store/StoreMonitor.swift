package import Actors
package import Logging
import ServiceLifecycle
import Synchronization

/// Whether the store answered when it was asked last.
package final class StoreStatus: Sendable {
    private let flag = Atomic<Bool>(true)

    package var isAvailable: Bool { flag.load(ordering: .relaxed) }

    fileprivate func note(_ isAvailable: Bool) { flag.store(isAvailable, ordering: .relaxed) }
}

/// Asks the store for a sign of life every second and says when it is lost and when it is back.
package struct StoreMonitor: Service {
    package let status = StoreStatus()
    /// What it asks the store with.
    package let liveness: StoreLiveness
    private let time: any TimeSource
    private let interval: Duration
    private let logger: Logger

    package init(
        store: any Store,
        time: any TimeSource,
        interval: Duration = .seconds(1),
        logger: Logger = Logger(label: "Store")
    ) {
        liveness = StoreLiveness(store: store, time: time)
        self.time = time
        self.interval = interval
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            var health = StoreHealth()
            while !Task.isCancelled {
                await check(&health)
                // Cancelled is seen by the loop.
                try? await time.sleep(for: interval)
            }
        }
    }

    private func check(_ health: inout StoreHealth) async {
        let start = time.uptime()
        switch await liveness.ask() {
        case .success:
            status.note(true)
            guard case .restored(let down) = health.answered(at: time.uptime()) else { return }
            logger.notice("store_restored", metadata: ["downMs": .stringConvertible(down.milliseconds)])
        case .failure(let error):
            guard !Task.isCancelled else { return }
            status.note(false)
            guard health.failed(at: start) == .lost else { return }
            logger.warning("store_unavailable", metadata: ["code": "\(error.code)", "detail": .string(error.detail)])
        }
    }
}
