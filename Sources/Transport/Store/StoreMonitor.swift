package import Actors
package import Logging
import ServiceLifecycle

/// Asks the store for a sign of life every second and says when it is lost and when it is back.
package struct StoreMonitor: Service {
    private let store: any Store
    private let time: any TimeSource
    private let interval: Duration
    private let logger: Logger

    package init(
        store: any Store,
        time: any TimeSource,
        interval: Duration = .seconds(1),
        logger: Logger = Logger(label: "Store")
    ) {
        self.store = store
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
        do throws(StoreError) {
            try await store.ping()
        } catch {
            guard !Task.isCancelled, health.failed(at: start) == .lost else { return }
            logger.warning("store_unavailable", metadata: ["code": "\(error.code)", "detail": .string(error.detail)])
            return
        }
        if case .restored(let down) = health.answered(at: time.uptime()) {
            logger.notice("store_restored", metadata: ["downMs": .stringConvertible(down.milliseconds)])
        }
    }
}
