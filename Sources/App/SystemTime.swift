import Actors
import FoundationEssentials

/// The machine's own clocks.
struct SystemTime: TimeSource {
    private let start = ContinuousClock.now

    func now() -> Timestamp {
        Timestamp(milliseconds: Int64((Date().timeIntervalSince1970 * 1_000).rounded(.down)))
    }

    func uptime() -> Duration {
        ContinuousClock.now - start
    }

    func sleep(for duration: Duration) async throws {
        try await Task.sleep(for: duration, clock: .continuous)
    }
}
