import LocalCluster
import MicroSteps

/// Times one small step that happens for every message.
struct MicroBenchmark: Sendable {
    let step: MicroStep
    let duration: Duration

    private static let batch = 1_000

    /// Microseconds that it takes, in the fastest of many batches: what others do on the machine only makes it longer.
    func run() async throws -> [Figure] {
        let prepared = try await step.prepare()
        return try await doing {
            let clock = ContinuousClock()
            let deadline = clock.now + duration
            var least = Duration.seconds(3_600)
            while clock.now < deadline {
                let start = clock.now
                try await prepared.run(Self.batch)
                least = min(least, clock.now - start)
            }
            return [Figure("micro", step.measure, least / .microseconds(1) / Double(Self.batch), "µs")]
        } finally: {
            await prepared.finish()
        }
    }
}
