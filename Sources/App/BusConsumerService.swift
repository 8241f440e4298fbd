import Actors
import ServiceLifecycle

/// Consumes the bus as long as the instance runs.
struct BusConsumerService: Service {
    let consumer: BusConsumer

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await consumer.run()
            // Without a bus the streams end at once; a service that returned would end the process.
            try? await gracefulShutdown()
        }
    }
}
